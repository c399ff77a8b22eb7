// How long training waits for the loader: measured, and nothing where the loader keeps up.
#include "pretended_network.hpp"

#include <vggen/data/loader.hpp>
#include <vggen/data/memory_dataset.hpp>
#include <vggen/net/zoo.hpp>
#include <vggen/train/trainer.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <thread>

using namespace vggen;
using namespace std::chrono_literals;

namespace {

constexpr auto tiny = sequential(input<1, 4, 4>, conv3x3<2>, relu, flatten, fully_connected<10>, softmax);

// Takes its time for each picture.
class slow_dataset final : public dataset {
public:
  explicit slow_dataset(std::chrono::microseconds pause)
      : pictures_(memory_dataset({1, 4, 4}, std::vector<std::uint8_t>(80 * 16), std::vector<int>(80),
                                 numbered_classes(10))),
        pause_(pause) {}
  [[nodiscard]] std::int64_t size() const noexcept override { return pictures_.size(); }
  [[nodiscard]] const std::vector<std::string> &class_names() const noexcept override {
    return pictures_.class_names();
  }
  [[nodiscard]] int label(std::int64_t i) const override { return pictures_.label(i); }
  void read_into(std::int64_t i, image &picture) const override {
    std::this_thread::sleep_for(pause_);
    pictures_.read_into(i, picture);
  }
  [[nodiscard]] std::string name(std::int64_t i) const override { return pictures_.name(i); }

private:
  memory_dataset pictures_;
  std::chrono::microseconds pause_;
};

struct times {
  double waited = 0, start = 0, all = 0;
  int updates = 0;
};

// One epoch of 20 batches of 4.
times epoch_of(std::chrono::microseconds reading_one, std::chrono::microseconds step) {
  test::pretended_network network(tiny, 0, step);
  loader source(std::make_shared<slow_dataset>(reading_one), {.extent = {1, 4, 4}, .batch_size = 4});
  trainer steps(network, {}, {});
  times result;
  const auto start = std::chrono::steady_clock::now();
  steps.epoch(
      source, 0, 0, {}, [](std::int64_t) { return 0.1; }, [](const epoch_progress &) { return true; });
  result.all = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const loader_counters counted = source.counters();
  result.waited = counted.wait_seconds + counted.start_seconds;
  result.start = counted.start_seconds;
  result.updates = network.updates;
  return result;
}

} // namespace

TEST_CASE("a source that is slower than training makes it wait, and that is seen") {
  const times slow = epoch_of(2ms, 0us);
  CHECK(slow.updates == 20);
  CHECK(slow.waited > 0.1); // of the 160 ms that the pictures take
  CHECK(slow.waited < slow.all);
}

TEST_CASE("a source that is quicker than training keeps nobody waiting but for the first batch") {
  const times quick = epoch_of(500us, 8ms); // a batch is there in 2 ms
  CHECK(quick.updates == 20);
  CHECK(quick.start > 0.0005);
  CHECK(quick.waited < 0.25 * quick.all);
}
