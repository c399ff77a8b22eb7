#include "vggen/io/box.hpp"

#include <algorithm>

namespace vggen {
namespace {

box clipped(const box &b, double width, double height) {
  return {std::max(b.left, 0.0), std::max(b.top, 0.0), std::min(b.right, width), std::min(b.bottom, height)};
}

double area(const box &b) { return (b.right - b.left) * (b.bottom - b.top); }

} // namespace

double overlap(const box &a, const box &b) {
  if (a.is_empty() || b.is_empty()) return 0;
  const box shared{std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right),
                   std::min(a.bottom, b.bottom)};
  return shared.is_empty() ? 0 : area(shared) / (area(a) + area(b) - area(shared));
}

std::array<float, box_numbers> to_numbers(const box &of_view) {
  return {static_cast<float>((of_view.left + of_view.right) / 2),
          static_cast<float>((of_view.top + of_view.bottom) / 2),
          static_cast<float>(of_view.right - of_view.left), static_cast<float>(of_view.bottom - of_view.top)};
}

box from_numbers(std::span<const float, box_numbers> numbers) {
  const double x = numbers[0], y = numbers[1], width = numbers[2], height = numbers[3];
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

box seen_box(const box &of_picture, const picture_view &view) {
  const auto along = [](double edge, int picture, int scaled, int first, int extent) {
    return (edge * scaled / picture - first) / extent;
  };
  const auto across = [&](double x) {
    return along(x, view.picture_width, view.scaled_width, view.left, view.width);
  };
  const auto down = [&](double y) {
    return along(y, view.picture_height, view.scaled_height, view.top, view.height);
  };
  box seen{across(of_picture.left), down(of_picture.top), across(of_picture.right), down(of_picture.bottom)};
  if (view.flipped) seen = {1 - seen.right, seen.top, 1 - seen.left, seen.bottom};
  return clipped(seen, 1, 1);
}

box box_in_picture(const box &of_view, const picture_view &view) {
  box seen = of_view;
  if (view.flipped) seen = {1 - seen.right, seen.top, 1 - seen.left, seen.bottom};
  const auto along = [](double edge, int picture, int scaled, int first, int extent) {
    return (edge * extent + first) * picture / scaled;
  };
  const auto across = [&](double x) {
    return along(x, view.picture_width, view.scaled_width, view.left, view.width);
  };
  const auto down = [&](double y) {
    return along(y, view.picture_height, view.scaled_height, view.top, view.height);
  };
  return clipped({across(seen.left), down(seen.top), across(seen.right), down(seen.bottom)},
                 view.picture_width, view.picture_height);
}

} // namespace vggen
