// The page of a training: what is on it and what is left out, hostile texts, numbers that cannot be drawn,
// data that contradict themselves, disks that are full. (test_page.py checks its HTML.)
#include "failures.hpp"
#include "folders.hpp"
#include "sample_report.hpp"

#include "vggen/io/read_image.hpp"
#include "vggen/report/page_pictures.hpp"
#include "vggen/report/training_report.hpp"
#include "vggen/version.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

using vggen::epoch_record;
using vggen::error_code;
using vggen::training_report;
namespace fs = std::filesystem;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string page_of(const training_report &report) {
  const temporary_folder folder;
  const fs::path path = folder.path / "report.html";
  vggen::write_report(path, report);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
  return load(path);
}

bool has(const std::string &page, std::string_view part) { return page.find(part) != std::string::npos; }

std::size_t count(const std::string &page, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = page.find(part); at != std::string::npos; at = page.find(part, at + 1))
    ++found;
  return found;
}

// The page's charts, titles and readouts left out: what is there must be a number that can be drawn.
std::string marks(const std::string &page) {
  std::string found;
  for (std::size_t at = page.find(" d=\""); at != std::string::npos; at = page.find(" d=\"", at + 1))
    found += page.substr(at, page.find('"', at + 4) - at);
  return found;
}

epoch_record epoch(int number, double loss) {
  epoch_record record;
  record.epoch = number;
  record.step = number * 100;
  record.training_loss = loss;
  return record;
}

TEST_CASE("all sections of a full report are there") {
  const std::string page = page_of(sample_report(60, 10));
  for (const char *part : {"<h1>A small VGG on CIFAR-10</h1>",
                           "Validation accuracy",
                           "AMD EPYC 7B13, 16 threads",
                           "x86-64-linux-avx2-fma-f16c",
                           "<h3>Loss</h3>",
                           "<h3>Accuracy</h3>",
                           "<h3>Learning rate</h3>",
                           "<h3>Images a second</h3>",
                           "Confusion matrix</h2><p>10,000 images of the test set of CIFAR-10",
                           "<h2>Classes</h2>",
                           "<h2>Most wrongly classified</h2>",
                           "<h2>Filters of the first layer</h2>",
                           "<h2>Network</h2>",
                           "conv 3 × 3, 128",
                           "18,874,368",
                           "<h2>Options</h2>",
                           "weight decay",
                           "automobile",
                           "prefers-color-scheme: dark",
                           "Written by vggen " VGGEN_VERSION_TEXT})
    CHECK_MESSAGE(has(page, part), part);
  CHECK(count(page, "<svg") == 4);
  CHECK(count(page, "<li>") == 24);
  CHECK(count(page, "<img alt=\"filter ") == 64);
  CHECK(count(page, "<g class=\"point\">") == 240);
  CHECK(!has(page, "<script"));
  CHECK(!has(page, "http"));
  CHECK(page == page_of(sample_report(60, 10))); // nothing of the time or the place
}

TEST_CASE("what is empty is left out") {
  const std::string page = page_of({});
  CHECK(has(page, "<h1>Training</h1>"));
  CHECK(has(page, "Written by vggen"));
  for (const char *part : {"<h2>", "<h3>", "<svg", "<table", "<img", "<section", "<dl"})
    CHECK_MESSAGE(!has(page, part), part);

  training_report report;
  report.confusion = {3, 1, 0, 4};
  const std::string measured = page_of(report);
  CHECK(has(measured, "<dt>Accuracy</dt><dd>87.50%</dd>"));
  CHECK(has(measured, "8 images, 87.50% of them predicted right"));
  CHECK(!has(measured, "<h3>Loss"));
  CHECK(!has(measured, "<h2>Network"));
}

TEST_CASE("counts, shares and measures are those of the matrix") {
  training_report report;
  report.class_names = {"cat", "dog"};
  report.confusion = {3, 1, 0, 4};
  const std::string page = page_of(report);
  CHECK(has(page, "title=\"cat → dog: 1 of 4, 25.00%\">1<small>25.0%</small>"));
  CHECK(has(page, "title=\"cat → cat: 3 of 4, 75.00%\">3<small>75.0%</small>"));
  CHECK(has(page, "<td class=\"none\">0</td>"));
  CHECK(has(page,
            "<th scope=\"row\">dog</th><td class=\"number\">4</td><td class=\"share\" style=\"--s:0.800\">"
            "<i></i>80.0%</td>"));
}

TEST_CASE("the summary tells the last epoch, the best, and the mean speed") {
  training_report report;
  for (int i = 1; i <= 3; ++i) {
    epoch_record record = epoch(i, 1);
    record.validation_accuracy = i == 2 ? 0.9 : 0.8;
    record.seconds = i == 3 ? 20 : 10;
    record.images_per_second = i == 3 ? 1000 : 2000;
    if (i > 1) record.data_wait_seconds = 0.3; // the first is of a log without it
    report.epochs.push_back(record);
  }
  const std::string page = page_of(report);
  CHECK(has(page, "<dt>Validation accuracy</dt><dd>80.00% <small>best 90.00% in epoch 2</small></dd>"));
  CHECK(has(page, "<dt>Epochs</dt><dd>3 <small>300 steps</small></dd>"));
  CHECK(has(page, "<dt>Time</dt><dd>40.0 s</dd>"));
  CHECK(has(page, "<dt>Images a second</dt><dd>1,500</dd>"));
  CHECK(has(page, "<dt>Waited for data</dt><dd>0.60 s <small>2.0%</small></dd>"));
}

TEST_CASE("no text can be HTML") {
  const std::string attack = "<script>alert(\"1\")</script>'\"&\x01<b>";
  training_report report = sample_report(2, 10);
  report.title = report.machine = report.target = report.confusion_of = attack;
  report.class_names.assign(10, attack);
  report.network = {{attack, attack, attack, attack, attack, attack, attack}};
  report.options = {{attack, attack}};
  const std::string page = page_of(report);
  const std::string expected =
      "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&quot;&amp;\ufffd&lt;b&gt;";
  CHECK(!has(page, "<script"));
  CHECK(!has(page, "alert(\"1\")"));
  CHECK(!has(page, "\x01"));
  CHECK(count(page, expected) > 30);
  report.class_names.clear();
  report.class_names.resize(100, attack);
  report.confusion.assign(10'000, 1);
  CHECK(!has(page_of(report), "<script"));
}

TEST_CASE("curves break where values cannot be drawn, and a note says so") {
  training_report report;
  for (int i = 1; i <= 12; ++i)
    report.epochs.push_back(epoch(i, 1. / i));
  for (const int i : {2, 3, 4, 8})
    report.epochs[static_cast<std::size_t>(i)].training_loss = i == 8 ? nan : infinity;
  report.epochs[10].training_loss = -infinity;
  report.epochs[0].validation_loss = 1; // NaN elsewhere: not measured, nothing to warn of
  report.epochs[5].validation_loss = 1e308;
  const std::string page = page_of(report), drawn = marks(page);
  CHECK(has(page, "<p class=\"note\">training is not finite at epoch 3–5, 9, 11.</p>"));
  CHECK(has(page, "<p class=\"note\">validation is not finite at epoch 6.</p>"));
  CHECK(count(drawn, "M") == 2);                          // 1–2 and 6–8
  CHECK(count(page, "<circle class=\"a\" r=\"4\"") == 2); // 10 and 12, alone
  CHECK(count(page, "<circle class=\"b\" r=\"4\"") == 1);
  CHECK(!has(drawn, "n"));
  CHECK(!has(drawn, "i"));
  CHECK(has(page, "training ∞"));
  CHECK(!has(page, "<h3>Accuracy"));
  CHECK(!has(page, "<h3>Learning"));
}

TEST_CASE("a training that never computed a number says so") {
  training_report report;
  report.epochs = {epoch(1, nan), epoch(2, nan)};
  const std::string page = page_of(report);
  CHECK(has(page, "training is not finite at epoch 1–2."));
  CHECK(!has(page, "<svg"));
}

TEST_CASE("values of any size are drawn or noted") {
  constexpr std::array<double, 14> extremes = {0,    -0.,     5e-324, 1e-300, 1e-99, 1e-9,    1,
                                               1e99, 1.1e100, 1e308,  -1e308, -1,    -1e-300, nan};
  for (const double a : extremes)
    for (const double b : extremes) {
      training_report report;
      for (const double value : {a, b}) {
        epoch_record record = epoch(static_cast<int>(report.epochs.size()), value);
        record.learning_rate = record.training_accuracy = record.images_per_second = record.seconds = value;
        report.epochs.push_back(record);
      }
      const std::string page = page_of(report), drawn = marks(page);
      INFO(a << " and " << b);
      CHECK(!has(drawn, "n"));
      CHECK(!has(drawn, "∞"));
      CHECK(!has(drawn, "–"));
      CHECK(page.size() < 40'000);
    }
  training_report report;
  report.epochs = {epoch(1, 1), epoch(2, 1)};
  report.epochs[0].learning_rate = 0;
  report.epochs[1].learning_rate = 0.1;
  CHECK(has(page_of(report), "learning rate is not above 0 at epoch 1."));
}

TEST_CASE("one epoch is points") {
  const std::string page = page_of(sample_report(1, 10));
  CHECK(marks(page).empty());
  CHECK(count(page, "r=\"4\"") == 6);
  CHECK(count(page, "<svg") == 4);
  CHECK(has(page, "<dt>Epochs</dt><dd>1 <small>391 steps</small></dd>"));
}

TEST_CASE("curves are over epochs, else steps, else the records' numbers") {
  const auto name_of = [](std::vector<epoch_record> epochs) {
    training_report report;
    report.epochs = std::move(epochs);
    const std::string page = page_of(report), label = "aria-label=\"Loss by ";
    const std::size_t from = page.find(label) + label.size();
    return page.substr(from, page.find('"', from) - from);
  };
  epoch_record later = epoch(1, 1);
  later.step = 200;
  CHECK(name_of({epoch(1, 1), epoch(2, 1)}) == "epoch");
  CHECK(name_of({epoch(1, 1), later}) == "step");
  CHECK(name_of({epoch(1, 1), epoch(1, 1)}) == "record");
  CHECK(name_of({epoch(2, 1), epoch(1, 1)}) == "record");
}

TEST_CASE("many epochs do not make the page large") {
  const std::string page = page_of(sample_report(20'000, 2));
  CHECK(count(page, "<g class=\"point\">") == 4 * 500);
  CHECK(page.size() < 8'000'000);
}

TEST_CASE("from one class to a thousand and beyond") {
  const std::string one = page_of(sample_report(3, 1));
  CHECK(has(one, "class 0 → class 0: 1,000 of 1,000, 100.00%"));
  CHECK(!has(one, "<tfoot>"));
  for (const int classes : {2, 16, 17, 32}) {
    const std::string page = page_of(sample_report(1, classes));
    CHECK(count(page, "<td class=\"hit") == static_cast<std::size_t>(classes));
    CHECK(has(page, "dense confusion\"") == (classes > 16));
    CHECK(!has(page, "Most frequent confusions"));
  }
  const std::string many = page_of(sample_report(3, 1000));
  CHECK(!has(many, "class=\"hit"));
  CHECK(has(many, "<img class=\"heat\" width=\"1000\""));
  CHECK(has(many, "Most frequent confusions"));
  CHECK(has(many, "<th scope=\"row\">class 999</th>"));
  CHECK(many.size() < 4'000'000);
  training_report report;
  report.confusion.resize(2100 * 2100);
  const std::string huge = page_of(report); // and no image at all
  CHECK(!has(huge, "<img class=\"heat\""));
  CHECK(has(huge, "<th scope=\"row\">2099</th><td class=\"number\">0</td><td class=\"number\">–</td>"));
}

// The picture of the first data URL after `from`.
vggen::image picture_after(const std::string &page, const std::string &from) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string start = "data:image/png;base64,";
  const std::size_t at = page.find(start, page.find(from)) + start.size();
  std::vector<std::byte> bytes;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : std::string_view(page).substr(at, page.find('"', at) - at)) {
    if (c == '=') break;
    const std::size_t digit = digits.find(c);
    REQUIRE(digit < 64);
    group = group << 6 | static_cast<std::uint32_t>(digit);
    if ((bits += 6) >= 8) bytes.push_back(static_cast<std::byte>(group >> (bits -= 8)));
  }
  return vggen::decode_image(bytes, "of the page");
}

std::array<int, 3> pixel(const vggen::image &picture, int y, int x) {
  const auto at = static_cast<std::size_t>((y * picture.width + x) * 3);
  return {picture.pixels[at], picture.pixels[at + 1], picture.pixels[at + 2]};
}

TEST_CASE("filters are pictures of their weights, magnified") {
  training_report report;
  report.first_layer = {
      1, 3, 1, 2, {0.5f, 0, -0.5f, 0.25f, 0, static_cast<float>(nan)}}; // [input][x]: red, green, blue
  const vggen::image picture = picture_after(page_of(report), "filter 0");
  CHECK(picture.height == 30);
  CHECK(picture.width == 60);
  for (const int x : {0, 29})
    CHECK(pixel(picture, 29, x) == std::array<int, 3>{255, 0, 128});
  for (const int x : {30, 59})
    CHECK(pixel(picture, 0, x) == std::array<int, 3>{128, 191, 128});

  report.first_layer = {2, 2, 1, 1, {1, -1, 0, static_cast<float>(infinity)}};
  const std::string grey = page_of(report);
  CHECK(pixel(picture_after(grey, "filter 0, input 1"), 0, 0) == std::array<int, 3>{0, 0, 0});
  CHECK(pixel(picture_after(grey, "filter 1, input 0"), 0, 0) == std::array<int, 3>{128, 128, 128});
  CHECK(pixel(picture_after(grey, "filter 1, input 1"), 0, 0) == std::array<int, 3>{128, 128, 128});

  report.first_layer = {100, 4, 1, 1, std::vector<float>(400, 1.f)};
  const std::string many = page_of(report);
  CHECK(count(many, "<img") == 256);
  CHECK(has(many, "The first 256 of 400 filters"));
}

TEST_CASE("wrongly classified images are shown as they are, large ones smaller") {
  training_report report;
  report.class_names = {"cat"};
  report.most_wrong = {{{1, 2, {1, 2, 3, 4, 5, 6}}, 0, 7, 0.987}};
  const std::string page = page_of(report);
  CHECK(has(page, "<b>7</b> 98.7%<br><span>is cat</span>"));
  CHECK(picture_after(page, "<li>").pixels == report.most_wrong[0].picture.pixels);
  report.most_wrong.assign(61, {{1000, 10, std::vector<std::uint8_t>(30'000, 9)}, 0, 1, nan});
  const std::string many = page_of(report);
  CHECK(count(many, "<li>") == 60);
  const vggen::image small = picture_after(many, "<li>");
  CHECK(small.height == 256);
  CHECK(small.width == 2);
}

TEST_CASE("confusions of many classes are colours") {
  const auto picture = vggen::detail::confusion_picture(
      vggen::confusion_matrix::from_counts(std::vector<std::int64_t>{4, 0, 0, 1, 0, 0, 0, 0, 0}));
  CHECK(pixel(picture, 0, 0) == std::array<int, 3>{47, 111, 208});
  CHECK(pixel(picture, 1, 0) == std::array<int, 3>{214, 104, 20});
  for (const int x : {0, 1, 2})
    CHECK(pixel(picture, 2, x) == std::array<int, 3>{255, 255, 255});
}

TEST_CASE("data that contradict themselves are refused, and the old page stays") {
  const temporary_folder folder;
  const fs::path path = folder.path / "report.html";
  std::ofstream(path) << "old";
  const auto refused = [&](const training_report &report, const std::string &part) {
    check_throws([&] { vggen::write_report(path, report); }, error_code::invalid_argument, part);
    CHECK(load(path) == "old");
  };
  training_report report;
  report.confusion = {1, 2, 3};
  refused(report, "found 3 counts");
  report.confusion = {1, -2, 3, 4};
  refused(report, "found the count -2");
  report = {};
  report.first_layer = {2, 3, 3, 3, std::vector<float>(53)};
  refused(report, path.string() + ": found a first layer of 53 weights and [2][3][3][3]");
  report.first_layer = {-2, -3, 3, 3, std::vector<float>(54)};
  refused(report, "[-2][-3][3][3]");
  report.first_layer = {1 << 30, 1 << 30, 16, 0, std::vector<float>(54)};
  refused(report, "each from 1 to 4096");
  report = {};
  report.most_wrong = {{{2, 2, {1, 2, 3}}, 0, 0, 1}};
  refused(report, "found an image of height 2");
}

TEST_CASE("what cannot be written is an error, and the old page stays") {
  const temporary_folder folder;
  const training_report report = sample_report(2, 2);
  const fs::path path = folder.path / "report.html";
  const auto failing = [&](const fs::path &where, const std::string &part) {
    check_throws([&] { vggen::write_report(where, report); }, error_code::cannot_write, part);
  };
  failing("/dev/full", "/dev/full: found a special file");
  failing(folder.path, "found a directory");
  failing(folder.path / "no" / "report.html", "No such file or directory");
  failing("/proc/report.html", "/proc/report.html");
  std::ofstream(path) << "old";
  {
    const file_size_limit limit(1000);
    failing(path, "File too large");
  }
  CHECK(load(path) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

} // namespace
