// What recipes set, for which network, and that options given beside them win.
#include "tools/trainer/recipes.hpp"

#include "tools/trainer/train_options.hpp"

#include <vggen/io/error.hpp>

#include <CLI/CLI.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace vggen;

namespace {

// Networks of these batches.
trainable_facts facts_of(shape input, int batch) {
  trainable_facts facts;
  facts.name = "pretended";
  facts.batch = batch;
  facts.classes = 10;
  facts.input = input;
  return facts;
}
const trainable_facts published = facts_of({3, 224, 224}, 8);
const trainable_facts grey = facts_of({1, 28, 28}, 64);

train_options options_of(const argument_list &given, const trainable_facts &network) {
  train_options options;
  CLI::App command;
  add_train_options(command, options);
  recipe_arguments all = with_recipe(given, network);
  std::ranges::reverse(all.arguments);
  command.parse(all.arguments);
  return options;
}

std::vector<std::string> notes_of(const argument_list &given, const trainable_facts &network) {
  return with_recipe(given, network).notes;
}

} // namespace

TEST_CASE("the paper's recipe") {
  const train_options o = options_of({"--recipe=paper"}, published);
  CHECK(o.epochs == 74);
  CHECK(o.rate.kind == learning_rate_kind::plateau);
  CHECK(o.rate.rate == 0.01);
  CHECK(o.rate.factor == 0.1);
  CHECK(o.rate.reductions == 3);
  CHECK(o.warm_up == 0);
  CHECK(o.optimiser.momentum == 0.9);
  CHECK_FALSE(o.optimiser.nesterov);
  CHECK(o.optimiser.weight_decay == 5e-4);
  CHECK_FALSE(o.factors.decay_biases);
  CHECK(o.optimiser.accumulate * published.batch == 256);
  CHECK(text_of(o.initial.convolution) == "normal(0.01)");
  CHECK(text_of(o.initial.fully_connected) == "normal(0.01)");
  CHECK(text_of(o.initial.bias) == "zeros");
  CHECK(o.scale_low == 256);
  CHECK(o.scale_high == 512);
  CHECK(o.crop_padding == 0);
  CHECK(o.flip);
  CHECK(o.colour_shift == 0.1);
  CHECK(o.shallower.empty());
  CHECK(notes_of({"--recipe=paper"}, published).empty());
}

TEST_CASE("torchvision's recipe") {
  const train_options o = options_of({"--recipe=torchvision"}, published);
  CHECK(o.epochs == 90);
  CHECK(o.rate.kind == learning_rate_kind::steps);
  CHECK(o.rate.rate == 0.01);
  CHECK(o.rate.factor == 0.1);
  CHECK(o.rate.milestones == std::vector<std::int64_t>{30, 60});
  CHECK(o.optimiser.momentum == 0.9);
  CHECK(o.optimiser.weight_decay == 1e-4);
  CHECK(o.factors.decay_biases);
  CHECK(o.optimiser.accumulate * published.batch == 256);
  CHECK(text_of(o.initial.convolution) == "kaiming_normal_fan_out");
  CHECK(text_of(o.initial.fully_connected) == "normal(0.01)");
  CHECK(text_of(o.initial.bias) == "zeros");
  CHECK(o.flip);
  CHECK(o.scale_low == 256);
  CHECK(o.scale_high == 512);
  CHECK(o.colour_shift == 0);
  const auto notes = notes_of({"--recipe=torchvision"}, published);
  REQUIRE(notes.size() == 1);
  CHECK(notes.front().find("RandomResizedCrop") != std::string::npos);
  // every 30 epochs, of as many as there are
  CHECK(options_of({"--epochs=91", "--recipe=torchvision"}, published).rate.milestones ==
        std::vector<std::int64_t>{30, 60, 90});
  CHECK(options_of({"--epochs=5", "--recipe=torchvision"}, published).rate.milestones ==
        std::vector<std::int64_t>{30});
}

TEST_CASE("other extents, colours and batches, and what is said of them") {
  const train_options o = options_of({"--recipe=paper"}, grey);
  CHECK(o.scale_low == 32);
  CHECK(o.scale_high == 64);
  CHECK(o.colour_shift == 0);
  CHECK(o.optimiser.accumulate == 4);
  CHECK(notes_of({"--recipe=paper"}, grey) ==
        std::vector<std::string>{
            "the smaller side is 32 to 64 pixels for this network's 28, as 256 to 512 are for 224",
            "no colour shift: the network sees no colours"});
  for (const auto &[batch, accumulate, images] :
       {std::array{1, 256, 256}, std::array{100, 3, 300}, std::array{256, 1, 256}, std::array{300, 1, 300},
        std::array{512, 1, 512}}) {
    CAPTURE(batch);
    const trainable_facts network = facts_of({3, 224, 224}, batch);
    CHECK(options_of({"--recipe=paper"}, network).optimiser.accumulate == accumulate);
    const auto notes = notes_of({"--recipe=paper"}, network);
    if (images == 256)
      CHECK(notes.empty());
    else
      CHECK(notes == std::vector{"steps of " + std::to_string(images) + " images, where 256 were published"});
  }
  const train_options odd = options_of({"--recipe=torchvision"}, facts_of({3, 32, 48}, 128));
  CHECK(odd.scale_low == 55); // of the larger extent: 256 * 48 / 224 = 54.9
  CHECK(odd.scale_high == 110);
}

TEST_CASE("every setting gives way to its option, before the recipe or after it") {
  const std::vector<argument_list> given = {{"--epochs=7"},
                                            {"--learning-rate=0.5"},
                                            {"--schedule=cosine"},
                                            {"--rate-factor=0.5"},
                                            {"--reductions=0"},
                                            {"--milestones=2,3"},
                                            {"--momentum=0.5"},
                                            {"--weight-decay=0"},
                                            {"--decay-biases=false"},
                                            {"--flip=false"},
                                            {"--init-convolution=zeros"},
                                            {"--init-fully-connected=zeros"},
                                            {"--init-bias=normal(1)"},
                                            {"--scale-low=300"},
                                            {"--scale-high=600"},
                                            {"--colour-shift=0.5"},
                                            {"--accumulate=1"}};
  std::vector<std::string> overridden;
  for (const argument_list &one : given)
    overridden.push_back(option_of(one.front()));
  for (const std::string recipe : {"paper", "torchvision"}) {
    for (const recipe_setting &setting : recipe_settings(recipe, grey)) {
      CAPTURE(setting.argument);
      CHECK(std::ranges::count(overridden, option_of(setting.argument)) == 1); // none is forgotten here
    }
    for (const argument_list &one : given) {
      CAPTURE(one.front());
      for (const argument_list &all : {argument_list{one.front(), "--recipe=" + recipe},
                                       argument_list{"--recipe=" + recipe, one.front()}}) {
        const auto found = with_recipe(all, grey).arguments;
        CHECK(std::ranges::count(found, option_of(one.front()), option_of) == 1);
        CHECK(std::ranges::count(found, one.front()) == 1);
      }
    }
  }
  for (const argument_list &all : {argument_list{"--flip=false", "--learning-rate=0.5", "--scale-low=0",
                                                 "--recipe=paper", "--scale-high=0"},
                                   argument_list{"--recipe=paper", "--flip=false", "--scale-high=0",
                                                 "--scale-low=0", "--learning-rate=0.5"}}) {
    const train_options o = options_of(all, grey);
    CHECK_FALSE(o.flip);
    CHECK(o.rate.rate == 0.5);
    CHECK(o.scale_low == 0);
    CHECK(o.scale_high == 0);
    CHECK(o.epochs == 74); // what is not given
    // nothing is said of what is not done
    CHECK(notes_of(all, grey) == std::vector<std::string>{"no colour shift: the network sees no colours"});
  }
}

TEST_CASE("without a recipe nothing is added, and unknown ones are refused") {
  CHECK(with_recipe({"--epochs=3", "--flip"}, grey).arguments == argument_list{"--epochs=3", "--flip"});
  for (const std::string wrong : {"", "vgg", "Paper"}) {
    CAPTURE(wrong);
    CHECK_THROWS_WITH_AS(static_cast<void>(with_recipe({"--recipe=" + wrong}, grey)),
                         ("--recipe: found '" + wrong + "', expected paper or torchvision").c_str(), error);
  }
}
