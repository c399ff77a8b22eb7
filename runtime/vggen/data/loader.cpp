// A ring of batches. Threads take the examples of an epoch in their order, a few at a time, and write them to
// their places in the ring; a batch is ready when all its places are written. One mutex guards who does what;
// the examples themselves are written without it.
#include "vggen/data/loader.hpp"

#include "vggen/data/shuffle.hpp"
#include "vggen/data/threads.hpp"
#include "vggen/io/error.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace vggen {
namespace {

constexpr int most_examples_in_batch = 1 << 20;
constexpr int most_batches_ahead = 1024;

// Examples that a thread takes at once: enough that the mutex costs nothing, few enough to share a batch.
constexpr std::size_t most_taken_at_once = 16;

// What went wrong with one example.
struct failure {
  std::int64_t place;         // in the batch
  std::string message;        // of a picture that is skipped
  std::exception_ptr problem; // else
};

// Those of what a thread has taken; there is room for all, so that writing one down cannot fail.
struct failure_list {
  std::array<failure, most_taken_at_once> all;
  std::size_t count = 0;

  void add(failure one) noexcept { all[count++] = std::move(one); }
};

struct slot {
  std::vector<std::uint8_t> images;  // [n][y][x][c]
  std::vector<std::int32_t> labels;  // [n]
  std::vector<std::int64_t> indices; // [n]
  std::vector<float> targets;        // [n][box_numbers]; empty without boxes
  std::int64_t unwritten = 0;        // examples that are to come
  std::vector<failure> failures;     // in the order in which they happened; has room for all examples
};

void check(const loader_options &options, const dataset *pictures) {
  const auto expect = [](bool fits, const std::string &found, const char *expected) {
    if (!fits) throw error(error_code::invalid_argument, "loader: found " + found + ", expected " + expected);
  };
  expect(pictures != nullptr, "no data set", "one");
  expect(pictures->size() >= 1 && pictures->size() <= std::int64_t{0xffffffff},
         "a data set of " + std::to_string(pictures->size()) + " images", "at least one, and less than 2^32");
  expect(options.batch_size >= 1 && options.batch_size <= most_examples_in_batch,
         "a batch size of " + std::to_string(options.batch_size), "1 to 1048576");
  expect(options.threads >= 1 && options.threads <= detail::most_threads,
         std::to_string(options.threads) + " threads", "1 to 1024");
  expect(options.batches_ahead >= 1 && options.batches_ahead <= most_batches_ahead,
         std::to_string(options.batches_ahead) + " batches ahead", "1 to 1024");
  if (const auto *random = std::get_if<augmentation>(&options.view))
    check_augmentation(*random, options.extent);
  else
    check_evaluation(std::get<evaluation>(options.view), options.extent);
}

} // namespace

struct loader::state {
  state(std::shared_ptr<const dataset> set, loader_options chosen)
      : pictures(std::move(set)), options(std::move(chosen)), size(pictures->size()),
        batches((size + options.batch_size - 1) / options.batch_size), image_bytes(options.extent.bytes()),
        taken_at_once(std::clamp<std::int64_t>(options.batch_size / options.threads, 1,
                                               std::int64_t{most_taken_at_once})),
        boxed(pictures->find_box(0).has_value()), order(static_cast<std::size_t>(size)) {
    // Never more batches than an epoch has.
    ring.resize(static_cast<std::size_t>(std::min<std::int64_t>(options.batches_ahead + 1, batches)));
    const auto places = static_cast<std::size_t>(options.batch_size);
    for (slot &s : ring) {
      s.images.resize(places * image_bytes);
      s.labels.resize(places);
      s.indices.resize(places);
      if (boxed) s.targets.resize(places * box_numbers);
      s.failures.reserve(places);
    }
    next_example = size; // nothing to do yet
  }

  slot &slot_of(std::int64_t batch_number) {
    return ring[static_cast<std::size_t>(batch_number) % ring.size()];
  }

  std::int64_t examples_in(std::int64_t batch_number) const {
    return std::min<std::int64_t>(options.batch_size, size - batch_number * options.batch_size);
  }

  // Makes a slot ready to be written; those of no batch are left alone.
  void prepare(std::int64_t batch_number) {
    if (batch_number >= batches) return;
    slot &s = slot_of(batch_number);
    s.unwritten = examples_in(batch_number);
    s.failures.clear();
    const auto used = static_cast<std::ptrdiff_t>(s.unwritten);
    std::fill(s.images.begin() + used * static_cast<std::ptrdiff_t>(image_bytes), s.images.end(),
              std::uint8_t{0});
    std::fill(s.labels.begin() + used, s.labels.end(), -1);
    std::fill(s.indices.begin() + used, s.indices.end(), -1);
    if (boxed) std::fill(s.targets.begin() + used * box_numbers, s.targets.end(), 0.f);
  }

  bool has_work() const {
    const std::int64_t ready_slots_end = first_held + static_cast<std::int64_t>(ring.size());
    return next_example < size && next_example / options.batch_size < ready_slots_end;
  }

  // Brings the threads to rest; what they have taken they finish, or leave if it is long.
  void abandon(std::unique_lock<std::mutex> &lock) {
    abandoned = true;
    next_example = size;
    at_rest.wait(lock, [&] { return busy == 0; });
    abandoned = false;
  }

  void work();
  void make(std::int64_t example, image &picture, slot &s, failure_list &failures) noexcept;
  std::int32_t checked_label(std::uint32_t index) const;
  failure failure_of(const error &problem, std::int64_t place, std::uint32_t index) const;
  picture_view show(const image &picture, std::uint32_t index, std::span<std::uint8_t> out) const;
  void await(slot &s, std::unique_lock<std::mutex> &lock);
  void report_failures(slot &s);

  const std::shared_ptr<const dataset> pictures;
  const loader_options options;
  const std::int64_t size;
  const std::int64_t batches;
  const std::size_t image_bytes;
  const std::int64_t taken_at_once;
  const bool boxed; // the data set has boxes

  std::vector<slot> ring;
  std::vector<std::uint32_t> order; // [place in the epoch]; changes only while no thread works
  std::uint32_t epoch = 0;          // likewise

  std::mutex mutex; // guards what follows
  std::condition_variable work_came;
  std::condition_variable batch_ready;
  std::condition_variable at_rest;
  std::int64_t next_example = 0; // to be taken; `size` if there is none
  std::int64_t first_held = 0;   // the batch in use, or the next one to be handed out
  int busy = 0;                  // threads that write examples
  bool stopping = false;
  std::atomic<bool> abandoned = false; // what threads write is not wanted any more

  // The caller's own
  bool begun = false;
  bool in_use = false; // the batch first_held is in the caller's hands
  bool starting = false;
  std::exception_ptr problem;
  batch current;
  loader_counters counted;

  std::vector<std::jthread> threads;
};

picture_view loader::state::show(const image &picture, std::uint32_t index,
                                 std::span<std::uint8_t> out) const {
  if (const auto *random = std::get_if<augmentation>(&options.view))
    return augment(picture, *random, options.extent, options.seed, epoch, index, out);
  return evaluation_view(picture, std::get<evaluation>(options.view), options.extent, out);
}

// Writes one example to its place, or zeros there and what went wrong to `failures`.
void loader::state::make(std::int64_t example, image &picture, slot &s, failure_list &failures) noexcept {
  const std::int64_t place = example % options.batch_size;
  const auto at = static_cast<std::size_t>(place);
  const std::uint32_t index = order[static_cast<std::size_t>(example)];
  const std::span<std::uint8_t> out = std::span(s.images).subspan(at * image_bytes, image_bytes);
  const auto target = std::span(s.targets).subspan(boxed ? at * box_numbers : 0, boxed ? box_numbers : 0);
  s.indices[at] = index;
  try {
    try {
      pictures->read_into(index, picture);
      const picture_view view = show(picture, index, out);
      s.labels[at] = checked_label(index);
      if (boxed) {
        const box seen = seen_box(pictures->find_box(index).value(), view);
        if (seen.is_empty()) s.labels[at] = -1;
        std::ranges::copy(to_numbers(seen), target.begin());
      }
      return;
    } catch (const error &problem) {
      failures.add(failure_of(problem, place, index));
    }
  } catch (...) { // of other kinds, and memory that messages could not get
    failures.add({place, {}, std::current_exception()});
  }
  std::memset(out.data(), 0, out.size());
  std::ranges::fill(target, 0.f);
  s.labels[at] = -1;
}

std::int32_t loader::state::checked_label(std::uint32_t index) const {
  const int label = pictures->label(index);
  if (label >= 0 && static_cast<std::size_t>(label) < pictures->class_names().size()) return label;
  throw error(error_code::mismatch,
              pictures->name(index) + ": found the label " + std::to_string(label) + ", expected one of " +
                  std::to_string(pictures->class_names().size()) + " classes, from 0 on");
}

failure loader::state::failure_of(const error &problem, std::int64_t place, std::uint32_t index) const {
  std::string message = problem.what();
  const std::string name = pictures->name(index);
  if (message.find(name) == std::string::npos) message = name + ": " + message;
  if (options.unreadable == unreadable_images::skip && detail::is_about_picture(problem))
    return {place, std::move(message), nullptr};
  return {place, {}, std::make_exception_ptr(error(problem.code(), message))};
}

void loader::state::work() {
  image picture; // its memory serves one picture after another
  failure_list failures;
  std::unique_lock lock(mutex);
  for (;;) {
    work_came.wait(lock, [&] { return stopping || has_work(); });
    if (stopping) return;
    const std::int64_t begin = next_example;
    const std::int64_t batch_number = begin / options.batch_size;
    const std::int64_t batch_end = batch_number * options.batch_size + examples_in(batch_number);
    const std::int64_t end = std::min(begin + taken_at_once, batch_end);
    next_example = end;
    ++busy;
    slot &s = slot_of(batch_number);
    lock.unlock();
    for (std::int64_t example = begin; example < end && !abandoned; ++example)
      make(example, picture, s, failures);
    lock.lock();
    for (std::size_t i = 0; i < failures.count; ++i)
      s.failures.push_back(std::move(failures.all[i]));
    failures.count = 0;
    s.unwritten -= end - begin;
    if (s.unwritten == 0) batch_ready.notify_one();
    if (--busy == 0) at_rest.notify_one();
  }
}

// Waits until the slot is written, and counts it if that takes time.
void loader::state::await(slot &s, std::unique_lock<std::mutex> &lock) {
  const bool first = std::exchange(starting, false);
  if (s.unwritten == 0) return;
  const auto before = std::chrono::steady_clock::now();
  batch_ready.wait(lock, [&] { return s.unwritten == 0; });
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - before;
  (first ? counted.start_seconds : counted.wait_seconds) += waited.count();
  if (!first) ++counted.waits;
}

// In the order of the batch's places, whatever the order in which threads came upon them.
void loader::state::report_failures(slot &s) {
  std::ranges::sort(s.failures, {}, &failure::place);
  for (const failure &failed : s.failures) {
    if (failed.problem) {
      problem = failed.problem;
      std::rethrow_exception(problem);
    }
    ++counted.unreadable;
    if (options.on_unreadable)
      options.on_unreadable(s.indices[static_cast<std::size_t>(failed.place)], failed.message);
  }
}

loader::loader(std::shared_ptr<const dataset> pictures, loader_options options) {
  check(options, pictures.get());
  try {
    state_ = std::make_unique<state>(std::move(pictures), std::move(options));
  } catch (const std::bad_alloc &) {
    throw error(error_code::out_of_memory, "loader: there is not enough memory for its batches");
  } catch (const std::length_error &) {
    throw error(error_code::out_of_memory, "loader: there cannot be enough memory for its batches");
  }
  try {
    detail::start_threads(state_->threads, state_->options.threads, [all = state_.get()] { all->work(); });
  } catch (...) {
    stop();
    throw;
  }
}

loader::~loader() { stop(); }

void loader::stop() noexcept {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->stopping = true;
    state_->abandoned = true;
  }
  state_->work_came.notify_all();
  state_->threads.clear(); // joins them
}

void loader::begin_epoch(std::uint64_t epoch, std::int64_t first_batch) {
  state &s = *state_;
  if (epoch >= split_epoch)
    throw error(error_code::invalid_argument, "loader: found the epoch " + std::to_string(epoch) +
                                                  ", expected one below " + std::to_string(split_epoch));
  if (first_batch < 0 || first_batch > s.batches)
    throw error(error_code::invalid_argument, "loader: found the first batch " + std::to_string(first_batch) +
                                                  ", expected 0 to " + std::to_string(s.batches));
  {
    std::unique_lock lock(s.mutex);
    s.abandon(lock);
  }
  // No thread takes work now, and so none looks at what changes here.
  std::iota(s.order.begin(), s.order.end(), 0U);
  if (s.options.shuffle) shuffle(s.order, s.options.seed, static_cast<std::uint32_t>(epoch));
  s.epoch = static_cast<std::uint32_t>(epoch);
  s.begun = true;
  s.in_use = false;
  s.starting = true;
  s.problem = nullptr;
  {
    const std::scoped_lock lock(s.mutex);
    s.first_held = first_batch;
    for (std::size_t i = 0; i < s.ring.size(); ++i)
      s.prepare(first_batch + static_cast<std::int64_t>(i));
    s.next_example = std::min(first_batch * s.options.batch_size, s.size);
  }
  s.work_came.notify_all();
}

const batch &loader::next() {
  state &s = *state_;
  if (!s.begun)
    throw error(error_code::invalid_argument, "loader: found a call of next() before one of begin_epoch()");
  if (s.problem) std::rethrow_exception(s.problem);
  s.current = {};
  if (std::exchange(s.in_use, false)) {
    {
      const std::scoped_lock lock(s.mutex);
      s.prepare(s.first_held + static_cast<std::int64_t>(s.ring.size()));
      ++s.first_held;
    }
    s.work_came.notify_all(); // without the lock, which those who wake want
  }
  if (s.first_held == s.batches) return s.current; // nobody else changes it
  slot &ready = s.slot_of(s.first_held);
  std::unique_lock lock(s.mutex);
  s.await(ready, lock);
  lock.unlock();
  s.in_use = true; // also when what follows throws: this batch is over then
  s.report_failures(ready);
  ++s.counted.batches;
  s.current = {.images = ready.images,
               .labels = ready.labels,
               .indices = ready.indices,
               .targets = ready.targets,
               .count = static_cast<int>(s.examples_in(s.first_held))};
  return s.current;
}

std::int64_t loader::size() const noexcept { return state_->size; }
std::int64_t loader::batches() const noexcept { return state_->batches; }
int loader::classes() const noexcept { return static_cast<int>(state_->pictures->class_names().size()); }
int loader::batch_size() const noexcept { return state_->options.batch_size; }
const picture_extent &loader::extent() const noexcept { return state_->options.extent; }
loader_counters loader::counters() const noexcept { return state_->counted; }

} // namespace vggen
