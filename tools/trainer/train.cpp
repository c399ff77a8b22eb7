#include "tools/trainer/train.hpp"

#include "tools/program/progress.hpp"
#include "tools/program/texts.hpp"
#include "tools/trainer/box_evaluation.hpp"
#include "tools/trainer/data_parts.hpp"
#include "tools/trainer/epoch_bar.hpp"
#include "tools/trainer/evaluation.hpp"
#include "tools/trainer/first_weights.hpp"
#include "tools/trainer/interrupt.hpp"
#include "tools/trainer/kept_features.hpp"
#include "tools/trainer/run_folder.hpp"
#include "tools/trainer/run_report.hpp"
#include "tools/trainer/totals_text.hpp"
#include "tools/trainer/training_plan.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/safetensors.hpp>
#include <vggen/train/checkpoint.hpp>
#include <vggen/train/feature_cache.hpp>
#include <vggen/train/head_network.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

namespace vggen {

namespace {

/// Represents one training from its first step, or from a checkpoint, to its page.
class training_run {
public:
  training_run(trainable &network, runnable_model &model, const train_options &options)
      : network_(network), model_(model), options_(options), facts_(network.facts()),
        boxes_(facts_.boxes > 0), folder_(options.output, options.resume) {
    check_settings(options.optimiser);
    if (boxes_ && options.optimiser.label_smoothing > 0)
      throw error(error_code::invalid_argument, "--label-smoothing: found " +
                                                    number(options.optimiser.label_smoothing) +
                                                    ", expected 0: a network of boxes learns no labels");
    check_extents();
    check_kept_features(network, options);
    set_factors(network, options.factors);
    data_ = open_parts(options.data, options.format, options.validation, options.seed, facts_);
    threads_ = network.prepare(options.threads);
    static_cast<void>(schedule()); // what is wrong with it shall not be found after minutes
    if (options.resume)
      resume();
    else {
      first_ = set_first_weights(network_, options_);
      preprocessing_ = first_.normalisation.how;
    }
  }

  /// Prints what run() would do.
  void print_plan() const {
    std::vector<std::string> beginning = first_.lines;
    if (options_.resume)
      beginning = {"resumed from " + folder_.checkpoint().string() + ", after " +
                   std::to_string(state_.epoch) + " epochs and " + std::to_string(state_.steps) + " steps"};
    else if (options_.weights.empty())
      beginning.push_back(beginning_text(options_));
    std::fputs(text_of({.options = options_,
                        .network = facts_,
                        .model = model_.facts(),
                        .data = data_,
                        .rate = schedule(),
                        .beginning = beginning,
                        .normalisation = normalisation_text(),
                        .threads = threads_})
                   .c_str(),
               stdout);
  }

  void run() {
    measure_data();
    how_ = normalisation_of(*preprocessing_, facts_);
    if (options_.features.empty()) {
      loader training = training_loader(true), validation = validation_loader();
      run_epochs(network_, training, validation);
    } else {
      head_network head(network_);
      {
        loader training = training_loader(false), validation = validation_loader();
        keep_features(network_, options_, data_, *preprocessing_, training, validation);
      }
      feature_source training(options_.features, "training", facts_, true, options_.seed);
      feature_source validation(options_.features, "validation", facts_, false, options_.seed);
      run_epochs(head, training, validation);
    }
  }

private:
  // The network may be the head of it, whose sources give features.
  template <data_source Source> void run_epochs(trainable &network, Source &training, Source &validation) {
    trainer steps(network, options_.optimiser, how_);
    steps.set_progress(state_.steps, state_.batches);
    learning_rate_schedule rate = schedule();
    announce(training, rate);

    const interrupt_guard interrupts;
    bool stopped = false;
    while (state_.epoch < options_.epochs && !stopped) {
      stopped = !one_epoch(network, steps, training, validation, rate);
      if (options_.stop_after > 0 && state_.epoch - state_.best_epoch >= options_.stop_after) {
        std::printf("stopped: no better %s for %d epochs\n", boxes_ ? "overlap" : "accuracy",
                    options_.stop_after);
        break;
      }
    }
    if (stopped)
      std::printf("stopped; go on with: train --resume --output %s\n", options_.output.c_str());
    else
      finish();
  }

  // What can be said of the augmentation before anything is read.
  void check_extents() const {
    augmentation view = chosen_view();
    if (view.colour_shift > 0) view.colours.variances[0] = 1; // those of the data are found later
    check_augmentation(view, extent_of(facts_));
  }

  [[nodiscard]] augmentation chosen_view() const {
    augmentation view;
    view.crop_padding = options_.crop_padding;
    view.flip = options_.flip;
    view.scale_low = options_.scale_low;
    view.scale_high = options_.scale_high;
    view.colour_shift = options_.colour_shift;
    return view;
  }

  [[nodiscard]] learning_rate_schedule schedule() const {
    const std::int64_t steps = steps_in_epoch(data_.training->size(), facts_, options_.optimiser);
    if (options_.warm_up > options_.epochs)
      throw error(error_code::invalid_argument, "--warm-up: found " + number(options_.warm_up) +
                                                    " epochs, expected at most those of --epochs, " +
                                                    std::to_string(options_.epochs));
    learning_rate_policy policy = options_.rate;
    policy.warmup_steps = std::llround(options_.warm_up * static_cast<double>(steps));
    learning_rate_schedule rate(policy, steps, options_.epochs);
    if (state_.epoch > 0) rate.restore(state_.rate);
    return rate;
  }

  // Makes the folder, and reads all images for what training has to know of them.
  void measure_data() {
    folder_.open();
    if (preprocessing_ && options_.colour_shift == 0) return;
    const auto statistics = statistics_of_data();
    if (!preprocessing_) preprocessing_ = preprocessing_from(statistics);
    colours_ = statistics.colours;
  }

  // What images are normalised by, as far as it is known, and who says so.
  [[nodiscard]] std::string normalisation_text() const {
    return (preprocessing_ ? description(*preprocessing_, facts_.input.channels) : "mean and deviation") +
           " (" + (options_.resume ? "as the training began" : first_.normalisation.why) + ")";
  }

  void resume() {
    const auto found = load_checkpoint(folder_.checkpoint(), network_);
    state_ = found.state;
    const auto preprocess = found.metadata.find("preprocess");
    if (preprocess == found.metadata.end())
      throw error(error_code::corrupt_file,
                  folder_.checkpoint().string() + ": it does not say how pictures are normalised");
    preprocessing_ = parse_preprocessing(preprocess->second);
    if (!found.same_kernels)
      std::fprintf(stderr,
                   "note: %s was written by other machine code; training goes on, but not to the same bits\n",
                   folder_.checkpoint().c_str());
  }

  [[nodiscard]] image_statistics statistics_of_data() const {
    progress shown("reading the images for their mean and deviation");
    return find_statistics(*data_.training,
                           {.channels = facts_.input.channels,
                            .threads = options_.loader_threads,
                            .unreadable = unreadable(),
                            .progress = [&](std::int64_t done, std::int64_t all) {
                              shown.update(static_cast<double>(done) / static_cast<double>(all));
                            }});
  }

  [[nodiscard]] unreadable_images unreadable() const {
    return options_.skip_unreadable ? unreadable_images::skip : unreadable_images::stop;
  }

  loader validation_loader() const {
    return loader(
        data_.validation,
        {.extent = extent_of(facts_), .batch_size = facts_.batch, .threads = options_.loader_threads});
  }

  [[nodiscard]] loader training_loader(bool shuffled) const {
    augmentation view = chosen_view();
    view.colours = colours_;
    return loader(data_.training, {.extent = extent_of(facts_),
                                   .batch_size = facts_.batch,
                                   .seed = options_.seed,
                                   .shuffle = shuffled,
                                   .view = view,
                                   .threads = options_.loader_threads,
                                   .unreadable = unreadable(),
                                   .on_unreadable = [](std::int64_t, const std::string &message) {
                                     std::fprintf(stderr, "\nnote: left out: %s\n", message.c_str());
                                   }});
  }

  template <data_source Source>
  void announce(const Source &training, const learning_rate_schedule &rate) const {
    for (const std::string &note : options_.recipe_notes)
      std::printf("recipe %s: %s\n", options_.recipe.c_str(), note.c_str());
    std::printf("%s: %s parameters, batches of %d on %d threads\n", std::string(facts_.name).c_str(),
                grouped(model_.facts().parameters).c_str(), facts_.batch, threads_);
    if (options_.validation == 0)
      std::printf("%s images of %d classes to train with, %s of the %s to validate with\n",
                  grouped(training.size()).c_str(), training.classes(),
                  grouped(data_.validation->size()).c_str(), data_.validation_name.c_str());
    else
      std::printf("%s images of %d classes to train with, %s kept for validation\n",
                  grouped(training.size()).c_str(), training.classes(),
                  grouped(data_.validation->size()).c_str());
    std::printf("normalisation of images: %s\n", normalisation_text().c_str());
    std::printf("learning rate %s\n", rate.description().c_str());
    for (const auto &from : {first_.lines, lines_of(options_.factors)})
      for (const std::string &line : from)
        std::printf("%s\n", line.c_str());
    if (state_.epoch >= options_.epochs)
      std::printf("epoch %lld of %d is over already: nothing is left to train (--epochs N for more)\n",
                  static_cast<long long>(state_.epoch), options_.epochs);
    else if (options_.resume)
      std::printf("resumed in epoch %lld of %d, after step %lld\n", static_cast<long long>(state_.epoch) + 1,
                  options_.epochs, static_cast<long long>(state_.steps));
    std::fflush(stdout);
  }

  // Returns false if it was interrupted: the checkpoint then stands in the middle of the epoch.
  template <data_source Source>
  bool one_epoch(trainable &network, trainer &steps, Source &training, Source &validation,
                 learning_rate_schedule &rate) {
    epoch_record record{.epoch = static_cast<int>(state_.epoch + 1)};
    const double waited_before = waited(training);
    {
      epoch_bar bar(state_.epoch + 1, options_.epochs, state_.totals.images, boxes_);
      bool asked = false;
      steps.epoch(
          training, static_cast<std::uint64_t>(state_.epoch), state_.batch, state_.totals,
          [&](std::int64_t step) { return rate.rate(step); },
          [&](const epoch_progress &p) {
            bar.update(p);
            state_.batch = p.batch;
            state_.totals = p.totals;
            record.learning_rate = p.learning_rate;
            asked = interrupt_guard::asked_to_stop() && steps.between_steps();
            return !asked;
          });
      state_.steps = steps.steps();
      state_.batches = steps.batches();
      state_.rate = rate.state();
      record.seconds = bar.seconds();
      record.data_wait_seconds = waited(training) - waited_before;
      record.images_per_second = bar.images_per_second(state_.totals);
      if (asked && state_.batch < training.batches()) {
        save();
        return false;
      }
    }
    const training_totals validated = evaluate(network, validation, how_, [](const evaluated_example &) {});
    const training_totals trained = state_.totals;
    record.step = state_.steps;
    record.training_loss = trained.mean_loss();
    record.training_accuracy = trained.accuracy();
    record.validation_loss = validated.mean_loss();
    record.validation_accuracy = validated.accuracy();
    if (boxes_) {
      record.training_overlap = trained.mean_overlap();
      record.validation_overlap = validated.mean_overlap();
    }
    const double score = score_of(validated, facts_);
    rate.epoch_finished(score);
    state_.rate = rate.state();
    ++state_.epoch;
    state_.batch = 0;
    state_.totals = {};
    const bool best = score >= state_.best_accuracy; // of equals the later one
    if (best) {
      state_.best_accuracy = score;
      state_.best_epoch = state_.epoch;
      save_weights(folder_.best(), network_, metadata());
    }
    folder_.write(record); // first: of a line that is written twice the second counts, none would be missed
    save();
    std::printf("epoch %d/%d: %s; %s: %s%s; %.1f s, %.0f images/s\n", record.epoch, options_.epochs,
                text_of(trained, boxes_).c_str(), data_.validation_name.c_str(),
                text_of(validated, boxes_).c_str(), best ? " (best)" : "", record.seconds,
                record.images_per_second);
    std::fflush(stdout);
    return !interrupt_guard::asked_to_stop() || state_.epoch == options_.epochs;
  }

  // Seconds for which the next batch was not ready, the first ones of epochs among them.
  template <data_source Source> static double waited(const Source &source) {
    const loader_counters counted = source.counters();
    return counted.wait_seconds + counted.start_seconds;
  }

  void save() { save_checkpoint(folder_.checkpoint(), network_, state_, metadata()); }

  [[nodiscard]] std::map<std::string, std::string> metadata() const {
    return {{"preprocess", to_text(*preprocessing_)},
            {"labels", nlohmann::json(data_.training->class_names()).dump()},
            {"arguments", nlohmann::json(options_.arguments).dump()}};
  }

  // Evaluates the best weights and writes the page.
  void finish() {
    load_weights(folder_.best(), network_);
    evaluation_result result;
    if (boxes_)
      result.totals = evaluate_boxes(network_, data_.test, how_, options_.loader_threads).totals;
    else
      result = evaluate_all(network_, data_.test, how_, options_.loader_threads, 24);
    const bool is_test = data_.test != data_.validation || options_.validation == 0;
    const std::string name = is_test ? "test set" : data_.validation_name;
    const auto epochs = folder_.epochs(static_cast<int>(state_.epoch));
    const auto report =
        make_report(model_, network_, how_, epochs, result, name, data_.training->class_names(), table());
    write_report(folder_.report(), report);
    print_waiting(epochs);
    std::printf("best epoch: %lld\nweights: %s\nreport: %s\n", static_cast<long long>(state_.best_epoch),
                folder_.best().c_str(), folder_.report().c_str());
    const char *const part = is_test ? "test" : "validation";
    if (boxes_)
      std::printf("%s overlap: %.3f, over 0.5: %.2f %%\n", part, result.totals.mean_overlap(),
                  100 * result.totals.accuracy());
    else
      std::printf("%s accuracy: %.2f %%\n", part, 100 * result.totals.accuracy());
  }

  // How long the steps of all epochs waited for their images.
  static void print_waiting(const std::vector<epoch_record> &epochs) {
    double waited = 0, all = 0;
    for (const epoch_record &epoch : epochs)
      if (std::isfinite(epoch.data_wait_seconds) && std::isfinite(epoch.seconds)) {
        waited += epoch.data_wait_seconds;
        all += epoch.seconds;
      }
    if (all <= 0) return;
    const bool much = waited > 0.05 * all && waited > 0.5;
    std::printf("waited for data: %.2f s of %.*f s (%.1f %%)%s\n", waited, all < 10 ? 2 : 0, all,
                100 * waited / all, much ? "; more --loader-threads may help" : "");
  }

  static std::string number(double v) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%g", v);
    return text.data();
  }

  [[nodiscard]] std::vector<run_option> table() const {
    std::string given;
    for (const auto &argument : options_.arguments)
      given += (given.empty() ? "" : " ") + argument;
    const optimiser_settings &o = options_.optimiser;
    return {{"arguments", given},
            {"data", options_.data.string()},
            {"batch", std::to_string(facts_.batch * o.accumulate)},
            {"epochs", std::to_string(options_.epochs)},
            {"initial weights", beginning_text(options_)},
            {"normalisation of images", normalisation_text()},
            {"learning rate", number(options_.rate.rate)},
            {"momentum", number(o.momentum) + (o.nesterov ? " (Nesterov)" : "")},
            {"weight decay", number(o.weight_decay)},
            {"label smoothing", number(o.label_smoothing)},
            {"seed", std::to_string(options_.seed)},
            {"threads", std::to_string(threads_)}};
  }

  trainable &network_;
  runnable_model &model_;
  const train_options &options_;
  const trainable_facts &facts_;
  const bool boxes_; // what the network gives
  run_folder folder_;
  data_parts data_;
  int threads_ = 0;
  std::optional<preprocessing> preprocessing_; // empty: that of the data, not known yet
  principal_components colours_;
  normalisation how_;
  training_state state_;
  first_weights first_;
};

} // namespace

void train(trainable &network, runnable_model &model, const train_options &options) {
  training_run training(network, model, options);
  if (options.dry_run)
    training.print_plan();
  else
    training.run();
}

} // namespace vggen
