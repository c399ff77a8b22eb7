// predict of a network that gives boxes: where in images the things are, in pixels, and drawn.
#include "tools/program/commands.hpp"
#include "tools/program/loaded_model.hpp"

#include <vggen/io/box.hpp>
#include <vggen/io/error.hpp>
#include <vggen/io/labels.hpp>
#include <vggen/io/read_image.hpp>
#include <vggen/io/write_png.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace vggen {

namespace {

// The number of a class that is called by its name or number.
int class_called(const std::string &text, const std::vector<std::string> &labels, int classes) {
  const auto found = std::ranges::find(labels, text);
  if (found != labels.end()) return static_cast<int>(found - labels.begin());
  int number = -1;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && end == text.data() + text.size() && number >= 0 && number < classes)
    return number;
  throw error(error_code::invalid_argument, "--class: found '" + text +
                                                "', expected the name of a class, or a " + "number below " +
                                                std::to_string(classes));
}

// Red lines along the box's edges, in it, as thick as is well seen.
void draw(image &picture, const box &where) {
  const int thickness = std::max(1, std::min(picture.height, picture.width) / 150);
  const auto pixel = [](double edge, int extent) {
    return std::clamp(static_cast<int>(std::lround(edge)), 0, extent);
  };
  const int left = pixel(where.left, picture.width), right = pixel(where.right, picture.width);
  const int top = pixel(where.top, picture.height), bottom = pixel(where.bottom, picture.height);
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x) {
      const int inside = std::min(std::min(x - left, right - 1 - x), std::min(y - top, bottom - 1 - y));
      if (inside >= thickness) continue;
      auto *const rgb =
          &picture.pixels[(static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                           static_cast<std::size_t>(x)) *
                          3];
      rgb[0] = 255;
      rgb[1] = rgb[2] = 0;
    }
}

void check_output(const predict_options &options, int boxes) {
  if (options.output.empty()) return;
  if (options.images.size() != 1)
    throw error(error_code::invalid_argument, "--output: found " + std::to_string(options.images.size()) +
                                                  " images, expected one to draw into");
  if (boxes > 1 && options.of_class.empty())
    throw error(error_code::invalid_argument,
                "--output: found no class, expected --class, whose box is to be drawn");
}

} // namespace

void predict_boxes(runnable_model &model, const predict_options &options) {
  const int boxes = model.facts().boxes;
  check_output(options, boxes);
  loaded_model loaded(model, options.weights, options.preprocess, options.threads, false);
  std::vector<std::string> labels;
  if (boxes > 1) labels = options.labels.empty() ? loaded.labels(boxes) : read_labels(options.labels, boxes);
  int first_class = 0, end_class = boxes;
  if (!options.of_class.empty()) {
    first_class = class_called(options.of_class, labels, boxes);
    end_class = first_class + 1;
  }
  auto json = nlohmann::ordered_json::array();
  loaded.for_images(options.images, [&](int batch, std::size_t first, std::size_t count) {
    model.forward(batch);
    const std::vector<float> all = model.logits(batch);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string image = options.images[first + i].string();
      auto found = nlohmann::ordered_json::array();
      if (!options.json) std::printf("%s\n", image.c_str());
      for (int c = first_class; c < end_class; ++c) {
        const auto place = i * static_cast<std::size_t>(boxes) + static_cast<std::size_t>(c);
        const auto numbers = std::span<const float>(all).subspan(place * box_numbers).first<box_numbers>();
        if (!std::ranges::all_of(numbers, [](float v) { return std::isfinite(v); }))
          throw error(error_code::execution_failed, image + ": the box is not finite; " +
                                                        options.weights.string() + " holds damaged values");
        const box where = box_in_picture(from_numbers(numbers), loaded.views()[i]);
        const std::string label = labels.empty() ? std::string() : labels[static_cast<std::size_t>(c)];
        nlohmann::ordered_json one;
        if (boxes > 1) one = {{"class", c}, {"label", label}};
        one.update(
            {{"left", where.left}, {"top", where.top}, {"right", where.right}, {"bottom", where.bottom}});
        found.push_back(one);
        if (!options.json) {
          if (boxes > 1) std::printf("  %4d  %-16s", c, label.c_str());
          std::printf("  left %.1f, top %.1f, right %.1f, bottom %.1f\n", where.left, where.top, where.right,
                      where.bottom);
        }
        if (!options.output.empty()) {
          auto picture = read_image(options.images.front());
          draw(picture, where);
          write_png(options.output, picture);
        }
      }
      json.push_back({{"image", image}, {"boxes", found}});
    }
  });
  if (options.json) std::cout << json.dump() << '\n';
}

} // namespace vggen
