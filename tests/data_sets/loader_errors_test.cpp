// loader over pictures that cannot be read, exceptions from everywhere, and options that are none.
#include "support.hpp"

#include <vggen/data/folder.hpp>
#include <vggen/data/loader.hpp>
#include <vggen/io/write_png.hpp>

#include <functional>
#include <new>
#include <set>
#include <stdexcept>

namespace {

using namespace support;
using vggen::error;
using vggen::error_code;
using vggen::loader;
using vggen::loader_options;
using vggen::unreadable_images;

// A data set of small pictures, and `fail`, which may throw for some.
class failing_dataset final : public vggen::dataset {
public:
  failing_dataset(int count, std::function<void(std::int64_t)> fail)
      : whole_(some_dataset(count, {3, 4, 4})), fail_(std::move(fail)) {}
  std::int64_t size() const noexcept override { return whole_->size(); }
  const std::vector<std::string> &class_names() const noexcept override { return whole_->class_names(); }
  int label(std::int64_t i) const override { return i == wrong_label ? 10 : whole_->label(i); }
  void read_into(std::int64_t i, vggen::image &picture) const override {
    fail_(i);
    whole_->read_into(i, picture);
  }
  std::string name(std::int64_t i) const override { return whole_->name(i); }

  std::int64_t wrong_label = -1;

private:
  std::shared_ptr<const vggen::dataset> whole_;
  std::function<void(std::int64_t)> fail_;
};

loader_options options_with(unreadable_images unreadable, int threads) {
  return {.extent = {3, 4, 4},
          .batch_size = 4,
          .view = vggen::evaluation{},
          .threads = threads,
          .unreadable = unreadable};
}

// Pictures 5 and 6 of twelve are no pictures.
std::shared_ptr<const vggen::dataset> damaged_folder(const fs::path &path) {
  fs::create_directories(path / "a");
  for (int i = 10; i < 22; ++i) {
    const fs::path file = path / "a" / (std::to_string(i) + ".png");
    vggen::write_png(file, some_image(4, 4, static_cast<std::uint32_t>(i)));
    if (i == 15) fs::resize_file(file, 50);
    if (i == 16) store(file, {'n', 'o'});
  }
  return vggen::open_folder(path);
}

TEST_CASE(
    "stop: the error of the batch's first unreadable picture, with its batch, and again until begin_epoch") {
  const temporary_folder folder;
  const auto set = damaged_folder(folder.path);
  for (const int threads : {1, 2, 8}) {
    CAPTURE(threads);
    loader source(set, options_with(unreadable_images::stop, threads));
    for (int round = 0; round < 3; ++round) {
      source.begin_epoch(0);
      CHECK(source.next().count == 4);
      for (int again = 0; again < 2; ++again)
        check_error([&] { source.next(); }, error_code::corrupt_file, "15.png: truncated PNG");
    }
    source.begin_epoch(0, 2);
    CHECK(source.next().count == 4);
    CHECK(source.next().count == 0);
  }
}

TEST_CASE("skip: zeros, no label, one report each, in order, on the caller's thread") {
  const temporary_folder folder;
  const auto set = damaged_folder(folder.path);
  for (const int threads : {1, 2, 8}) {
    CAPTURE(threads);
    auto options = options_with(unreadable_images::skip, threads);
    std::vector<std::pair<std::int64_t, std::string>> reports;
    options.on_unreadable = [&](std::int64_t index, const std::string &message) {
      reports.emplace_back(index, message);
    };
    loader source(set, options);
    source.begin_epoch(0);
    CHECK(source.next().count == 4);
    CHECK(reports.empty());
    const vggen::batch &second = source.next();
    CHECK(second.count == 4);
    CHECK(std::vector<std::int32_t>(second.labels.begin(), second.labels.end()) ==
          std::vector<std::int32_t>{0, -1, -1, 0});
    CHECK(std::vector<std::int64_t>(second.indices.begin(), second.indices.end()) ==
          std::vector<std::int64_t>{4, 5, 6, 7});
    for (std::size_t i = 48; i < 3 * 48; ++i)
      CHECK(second.images[i] == 0);
    CHECK(second.images[3 * 48] == some_image(4, 4, 17).pixels[0]);
    REQUIRE(reports.size() == 2);
    CHECK(reports[0].first == 5);
    CHECK(reports[0].second.find("15.png: truncated PNG") != std::string::npos);
    CHECK(reports[1].first == 6);
    CHECK(reports[1].second.find("16.png: found a file that starts with") != std::string::npos);
    CHECK(source.counters().unreadable == 2);
    CHECK(source.next().labels[0] == 0); // the place is used again for a picture that can be read
    CHECK(source.next().count == 0);
    source.begin_epoch(1);
    while (source.next().count != 0) {
    }
    CHECK(source.counters().unreadable == 4);
  }
}

TEST_CASE("a batch of nothing but unreadable pictures is no end") {
  const auto set = std::make_shared<failing_dataset>(8, [](std::int64_t i) {
    if (i < 4) throw error(error_code::corrupt_file, "no");
  });
  loader source(set, options_with(unreadable_images::skip, 2));
  source.begin_epoch(0);
  CHECK(source.next().count == 4);
  CHECK(source.next().labels[3] == 7);
  CHECK(source.counters().unreadable == 4);
}

TEST_CASE("messages name the picture, once") {
  for (const char *text : {"no", "image 2: no"}) {
    const auto set = std::make_shared<failing_dataset>(4, [text](std::int64_t i) {
      if (i == 2) throw error(error_code::corrupt_file, text);
    });
    loader source(set, options_with(unreadable_images::stop, 1));
    source.begin_epoch(0);
    try {
      source.next();
      FAIL_CHECK("nothing was thrown");
    } catch (const error &problem) {
      CHECK(std::string(problem.what()) == "image 2: no");
    }
  }
}

TEST_CASE("what is not the picture's fault is never skipped") {
  const auto surfaces = [](const std::function<void(std::int64_t)> &fail) {
    const auto set = std::make_shared<failing_dataset>(12, fail);
    loader source(set, options_with(unreadable_images::skip, 3));
    source.begin_epoch(0);
    source.next();
    source.next();
  };
  check_error(
      [&] {
        surfaces([](std::int64_t i) {
          if (i == 5) throw error(error_code::out_of_memory, "full");
        });
      },
      error_code::out_of_memory, "image 5: full");
  CHECK_THROWS_AS(surfaces([](std::int64_t i) {
                    if (i == 5) throw std::bad_alloc();
                  }),
                  std::bad_alloc);
  CHECK_THROWS_AS(surfaces([](std::int64_t i) {
                    if (i == 5) throw std::logic_error("x");
                  }),
                  std::logic_error);
  CHECK_THROWS_AS(surfaces([](std::int64_t i) {
                    if (i == 5) throw 17;
                  }),
                  int);
}

TEST_CASE("labels that are no classes are errors") {
  const auto set = std::make_shared<failing_dataset>(4, [](std::int64_t) {});
  set->wrong_label = 3;
  loader source(set, options_with(unreadable_images::stop, 1));
  source.begin_epoch(0);
  check_error([&] { source.next(); }, error_code::mismatch,
              "image 3: found the label 10, expected one of 10 classes");
}

TEST_CASE("an exception of the callback passes through, and the loader goes on") {
  const auto set = std::make_shared<failing_dataset>(12, [](std::int64_t i) {
    if (i == 5) throw error(error_code::corrupt_file, "no");
  });
  auto options = options_with(unreadable_images::skip, 2);
  options.on_unreadable = [](std::int64_t, const std::string &) { throw std::logic_error("x"); };
  loader source(set, options);
  source.begin_epoch(0);
  CHECK(source.next().count == 4);
  CHECK_THROWS_AS(source.next(), std::logic_error);
  CHECK(source.next().indices[0] == 8);
  CHECK(source.next().count == 0);
}

TEST_CASE("calls and options out of range are refused") {
  const auto set = some_dataset(10, {3, 4, 4});
  const auto refused = [&](const std::function<void(loader_options &)> &change, const std::string &part) {
    auto options = options_with(unreadable_images::stop, 1);
    change(options);
    check_error([&] { loader(set, options); }, error_code::invalid_argument, part);
  };
  refused([](auto &o) { o.batch_size = 0; }, "found a batch size of 0");
  refused([](auto &o) { o.batch_size = -5; }, "found a batch size of -5");
  refused([](auto &o) { o.threads = 0; }, "found 0 threads");
  refused([](auto &o) { o.threads = 5000; }, "found 5000 threads");
  refused([](auto &o) { o.batches_ahead = 0; }, "found 0 batches ahead");
  refused([](auto &o) { o.extent.channels = 4; }, "found the extent 4 x 4 x 4");
  refused([](auto &o) { o.view = vggen::evaluation{2}; }, "found a smaller side of 2");
  refused([](auto &o) { o.view = vggen::augmentation{.crop_padding = -1}; }, "found a padding of -1");
  const auto options = options_with(unreadable_images::stop, 1);
  check_error([&] { loader(nullptr, options); }, error_code::invalid_argument, "found no data set");
  check_error([&] { loader(some_dataset(0, {3, 4, 4}), options); }, error_code::invalid_argument,
              "found a data set of 0 images");
  loader source(set, options);
  check_error([&] { source.next(); }, error_code::invalid_argument, "before one of begin_epoch()");
  check_error([&] { source.begin_epoch(0, 4); }, error_code::invalid_argument,
              "found the first batch 4, expected 0 to 3");
  check_error([&] { source.begin_epoch(0, -1); }, error_code::invalid_argument, "found the first batch -1");
  check_error([&] { source.begin_epoch(0xffffffff); }, error_code::invalid_argument,
              "found the epoch 4294967295");
  source.begin_epoch(0xfffffffe);
  CHECK(source.next().count == 4);
}

} // namespace
