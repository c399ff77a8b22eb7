// The command `samples`: pictures of a data set as files, to look at or to classify.
#include "tools/trainer/commands.hpp"
#include "tools/trainer/number_check.hpp"
#include "tools/trainer/open_data.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/write_png.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace vggen {

namespace {

struct samples_options {
  std::filesystem::path data, output;
  std::string format = "auto";
  int count = 10;
};

// A class's name as part of a file's: T-shirt/top becomes T-shirt-top.
std::string file_part(std::string name) {
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c < 128; }, '-');
  return name;
}

void write_samples(const samples_options &o) {
  const named_data data = open_data(o.data, o.format);
  const auto &pictures = data.test ? data.test : data.training;
  std::error_code failed;
  std::filesystem::create_directories(o.output, failed);
  if (std::error_code unknown; !std::filesystem::is_directory(o.output, unknown))
    throw error(error_code::cannot_write,
                o.output.string() + ": cannot be made a folder" + (failed ? ": " + failed.message() : ""));
  const auto count = std::min<std::int64_t>(o.count, pictures->size());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string &name = pictures->class_names()[static_cast<std::size_t>(pictures->label(i))];
    const auto path = o.output / (std::to_string(i) + "-" + file_part(name) + ".png");
    write_png(path, pictures->read(i));
    std::printf("%s\n", path.c_str());
  }
}

} // namespace

std::function<void()> add_samples(CLI::App &app) {
  const auto options = std::make_shared<samples_options>();
  CLI::App &command = *app.add_subcommand(
      "samples", "Write the first test pictures (else training pictures) of a data set as PNG files");
  command.add_option("--data", options->data, "folder of the data set")->type_name("FOLDER")->required();
  command.add_option("-o,--output", options->output, "folder to write to")->type_name("FOLDER")->required();
  command.add_option("--format", options->format, data_formats)->type_name("NAME")->capture_default_str();
  command.add_option("--count", options->count, "pictures to write")
      ->check(whole_number(1))
      ->capture_default_str();
  return [&command, options] {
    if (command.parsed()) write_samples(*options);
  };
}

} // namespace vggen
