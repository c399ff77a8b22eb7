#include "tools/program/program.hpp"

#include "tools/program/commands.hpp"
#include "tools/program/common_options.hpp"
#include "tools/program/texts.hpp"

#include <vggen/io/error.hpp>
#include <vggen/version.hpp>

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <new>

namespace vggen {

namespace {

CLI::Option *add_factor(CLI::App &command, int &factor, const char *help) {
  return command.add_option("--factor", factor, help)->check(CLI::Range(1, 1024));
}

} // namespace

int run_program(runnable_model &model, int argc, char **argv, const std::vector<command> &more) {
  const std::string name(model.facts().name);
  const shape &in = model.facts().input, &out = model.facts().output;
  const int boxes = model.facts().boxes;
  const bool classifies = out.height == 1 && out.width == 1 && boxes == 0;
  const std::string result = classifies   ? std::to_string(out.channels) + " classes"
                             : boxes == 0 ? shape_text(out)
                             : boxes == 1 ? "a box"
                                          : "a box for each of " + std::to_string(boxes) + " classes";
  CLI::App app{name + ", a compiled network: images of " + shape_text(in) + " to " + result +
                   ". Each command has a help of its own.",
               argc > 0 ? argv[0] : name};
  app.set_version_flag("--version", std::string(name) + ", vggen " VGGEN_VERSION_TEXT);
  app.require_subcommand(1);

  const bool embedded = !model.facts().embedded_weights.empty();
  const auto add_weights = [&](CLI::App &command, std::filesystem::path &weights) {
    CLI::Option *const option = command.add_option(
        "--weights", weights,
        embedded ? "safetensors file (default: the weights in this program)" : "safetensors file");
    if (!embedded) option->required();
  };

  summary_options summary;
  CLI::App *const summary_command =
      app.add_subcommand("summary", "Print the network: layers, shapes, counts, kernels");
  summary_command->add_flag("--json", summary.json, "as JSON");

  predict_options predicting;
  CLI::App *const predict_command =
      app.add_subcommand("predict", boxes == 0 ? "Classify images" : "Find boxes in images");
  predict_command->add_option("images", predicting.images, "PNG or JPEG files")->required();
  add_weights(*predict_command, predicting.weights);
  if (boxes != 1)
    predict_command->add_option("--labels", predicting.labels, "names of the classes, one a line (or .json)");
  if (boxes == 0)
    predict_command->add_option("--top-k", predicting.top, "classes to print for each image")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
  if (boxes > 1)
    predict_command->add_option("--class", predicting.of_class,
                                "the class whose box is wanted, by its name or number (default: all)");
  if (boxes > 0)
    predict_command->add_option("-o,--output", predicting.output,
                                "PNG file to write: the image with its box drawn in");
  add_preprocess(*predict_command, predicting.preprocess);
  predict_command->add_flag("--json", predicting.json,
                            boxes == 0 ? "as JSON, with all logits" : "as JSON, in pixels");
  add_threads(*predict_command, predicting.threads);

  features_options features;
  CLI::App *const features_command =
      app.add_subcommand("features", "Write a layer's output for images, as numbers or as a picture");
  features_command->add_option("images", features.images, "PNG or JPEG files")->required();
  add_weights(*features_command, features.weights);
  features_command
      ->add_option("-o,--output", features.output,
                   "file to write: float32 [n, c, h, w] as .npy; or, if its name ends in .png, the maps of "
                   "one image side by side, each from its least value, black, to its largest, white")
      ->required();
  features_command->add_option(
      "--layer", features.layer,
      "the layer, by its name in the paper, torchvision or Keras (default: the last)");
  add_factor(*features_command, features.factor,
             "how many times to enlarge the maps of a .png (default: to about 32 pixels)");
  features_command->add_flag(
      "--common-range", features.common_range,
      "the same greys for all maps of a .png, from the least value of all to the largest");
  add_preprocess(*features_command, features.preprocess);
  add_threads(*features_command, features.threads);

  filters_options filters;
  CLI::App *const filters_command = app.add_subcommand(
      "filters", "Draw the first convolution's filters, as a PNG file: zero is mid-grey, and the largest "
                 "weight of each filter black or full");
  add_weights(*filters_command, filters.weights);
  filters_command->add_option("-o,--output", filters.output, "PNG file to write")->required();
  add_factor(*filters_command, filters.factor,
             "how many times to enlarge them (default: to about 32 pixels)");
  filters_command->add_option("--preprocess", filters.preprocess,
                              std::string(preprocess_help) + "; caffe's inputs are blue, green, red");

  init_options init;
  CLI::App *const init_command = app.add_subcommand("init", "Write a file of random weights");
  init_command->add_option("--seed", init.seed, "the same seed gives the same weights")
      ->capture_default_str();
  init_command->add_option("-o,--output", init.output, "safetensors file to write")->required();
  init_command->add_option("--preprocess", init.preprocess, "torchvision, caffe or unit; noted in the file")
      ->capture_default_str();

  pack_options packing;
  CLI::App *const pack_command = app.add_subcommand(
      "pack", "Write weights as this program's kernels read them: it starts sooner with them");
  add_weights(*pack_command, packing.weights);
  pack_command->add_option("-o,--output", packing.output, "safetensors file to write")->required();
  pack_command
      ->add_option("--batch", packing.batches, "compiled batches to run with it, one or more (default: all)")
      ->check(CLI::PositiveNumber);
  pack_command->add_flag("--features", packing.features, "also what 'features' reads");
  add_threads(*pack_command, packing.threads);

  bench_options benching;
  CLI::App *const bench_command = app.add_subcommand("bench", "Measure how long a run takes");
  bench_command->add_option("--weights", benching.weights, "safetensors file (default: random values)");
  bench_command->add_option("--batch", benching.batch, "images in a run: one of the compiled batches")
      ->check(CLI::PositiveNumber);
  bench_command->add_option("--runs", benching.runs, "runs to measure")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  if (in.dynamic)
    bench_command
        ->add_option("--extent", benching.extent, "height and width of the images (default: the largest)")
        ->expected(2)
        ->check(CLI::PositiveNumber);
  bench_command->add_flag("--layers", benching.layers, "each kernel by itself, too");
  bench_command->add_flag("--json", benching.json, "as JSON");
  bench_command->add_flag(
      "--on-request", benching.on_request,
      "measure --runs runs for each line on standard input, and answer with a line of JSON");
  add_threads(*bench_command, benching.threads);

  std::vector<std::function<void()>> others;
  others.reserve(more.size());
  for (const command &add : more)
    others.push_back(add(app));

  try {
    app.parse(argc, argv);
    for (const auto &run : others)
      run();
    if (summary_command->parsed()) print_summary(model, summary);
    if (predict_command->parsed()) boxes > 0 ? predict_boxes(model, predicting) : predict(model, predicting);
    if (features_command->parsed()) write_features(model, features);
    if (filters_command->parsed()) write_filters(model, filters);
    if (init_command->parsed()) write_random_weights(model, init);
    if (pack_command->parsed()) pack_weights(model, packing);
    if (bench_command->parsed()) bench(model, benching);
    return 0;
  } catch (const CLI::Success &e) {
    return app.exit(e);
  } catch (const CLI::ParseError &e) {
    std::cerr << "error: " << e.what() << " (see --help)\n";
  } catch (const std::bad_alloc &) {
    std::cerr << "error: out of memory\n";
  } catch (const std::exception &e) {
    std::cerr << "error: " << e.what() << '\n';
  }
  return 1;
}

} // namespace vggen
