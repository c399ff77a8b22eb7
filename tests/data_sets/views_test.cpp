// The views of a data set against the loader's own view and against resize.hpp, and how often pictures are
// read.
#include "support.hpp"

#include <vggen/data/loader.hpp>
#include <vggen/data/views.hpp>
#include <vggen/io/resize.hpp>

#include <atomic>

namespace {

using namespace support;
using vggen::error_code;
using vggen::view_dataset;
using vggen::view_options;

// Pictures of several sizes, which are counted when they are read.
class some_pictures final : public vggen::dataset {
public:
  [[nodiscard]] std::int64_t size() const noexcept override { return 4; }
  [[nodiscard]] const std::vector<std::string> &class_names() const noexcept override { return names_; }
  [[nodiscard]] int label(std::int64_t i) const override { return static_cast<int>(i % 3); }
  void read_into(std::int64_t i, vggen::image &picture) const override {
    ++reads;
    const auto n = static_cast<int>(i);
    picture = some_image(9 + 5 * n, 20 - 3 * n, static_cast<std::uint32_t>(n));
  }
  [[nodiscard]] std::string name(std::int64_t i) const override { return "picture " + std::to_string(i); }

  mutable std::atomic<int> reads = 0;

private:
  std::vector<std::string> names_{"a", "b", "c"};
};

TEST_CASE("how many views there are") {
  CHECK(view_options{}.count() == 1);
  CHECK(view_options{.scales = {28, 32, 36}, .crops = 5, .flip = true}.count() == 30);
  CHECK(view_options{.scales = {256, 384, 512}, .crops = 25, .flip = true}.count() == 150); // the paper's
}

TEST_CASE("one view is the loader's") {
  const auto pictures = std::make_shared<const some_pictures>();
  for (const vggen::picture_extent extent : {vggen::picture_extent{3, 8, 8}, {3, 6, 9}, {3, 9, 6}})
    for (const int scale : {0, 9, 14}) {
      view_options how;
      if (scale > 0) how.scales.push_back(scale);
      const view_dataset views(pictures, extent, how);
      REQUIRE(views.size() == pictures->size());
      for (std::int64_t i = 0; i < views.size(); ++i)
        CHECK(views.read(i).pixels == vggen::evaluation_view(pictures->read(i), {scale}, extent));
    }
}

TEST_CASE("views are by picture, scale and crop") {
  const auto pictures = std::make_shared<const some_pictures>();
  const view_dataset views(pictures, {3, 8, 8}, {.scales = {8, 11}, .crops = 5, .flip = true});
  REQUIRE(views.size() == 4 * 20);
  CHECK(views.class_names() == pictures->class_names());
  std::int64_t i = 0;
  for (std::int64_t p = 0; p < 4; ++p)
    for (const int scale : {8, 11}) {
      const vggen::image whole = vggen::resize_smaller_side(pictures->read(p), scale);
      for (const vggen::crop &where : vggen::crops_of(whole.height, whole.width, {3, 8, 8}, 5, true)) {
        vggen::image expected;
        vggen::cut_crop(whole, where, 8, 8, expected);
        CHECK(views.read(i).pixels == expected.pixels);
        CHECK(views.label(i) == pictures->label(p));
        CHECK(views.name(i) == pictures->name(p));
        ++i;
      }
    }
}

TEST_CASE("a loader gives them in order, in full batches, on any number of threads") {
  const auto pictures = std::make_shared<const some_pictures>();
  const auto views = std::make_shared<const view_dataset>(pictures, vggen::picture_extent{3, 8, 8},
                                                          view_options{.scales = {9, 12, 30}, .crops = 5});
  for (const int threads : {1, 4}) {
    pictures->reads = 0;
    vggen::loader source(views, {.extent = {3, 8, 8}, .batch_size = 7, .threads = threads});
    source.begin_epoch(0);
    std::int64_t view = 0;
    bytes found;
    for (;;) {
      const vggen::batch &next = source.next();
      if (next.count == 0) break;
      CHECK(next.count == std::min<std::int64_t>(7, views->size() - view));
      found.insert(found.end(), next.images.begin(), next.images.begin() + next.count * 8 * 8 * 3);
      view += next.count;
    }
    CHECK(view == 60);
    if (threads == 1) CHECK(pictures->reads == 4 * 3); // once a scale
    bytes expected;
    for (std::int64_t i = 0; i < views->size(); ++i) {
      const vggen::image one = views->read(i);
      expected.insert(expected.end(), one.pixels.begin(), one.pixels.end());
    }
    CHECK(found == expected);
  }
}

TEST_CASE("impossible views are refused") {
  const auto pictures = std::make_shared<const some_pictures>();
  for (const int scale : {-1, 0, 8, 32769})
    check_error([&] { return view_dataset(pictures, {3, 8, 9}, {.scales = {10, scale}}).size(); },
                error_code::invalid_argument,
                "found " + std::to_string(scale) + ", expected 9 (the network's extent) to 32768");
  check_error([&] { vggen::check_views({.scales = {}, .crops = 3}, {3, 8, 9}); },
              error_code::invalid_argument, "found 3, expected 1, 5 or 25");
}

} // namespace
