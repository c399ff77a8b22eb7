#include "vggen/core/execution.hpp"

#include "vggen/core/devices.hpp"

#include <HalideRuntime.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include <pthread.h>
#include <unistd.h>

namespace vggen {

namespace {

constexpr std::uint64_t ours = 0x5667'6765'6e00'0001; // marks a user context as vggen's

// In front of each piece of scratch memory.
struct alignas(64) piece {
  piece *below = nullptr;
  bool free = false;
};

// What one thread's kernel code sees as its user context.
struct thread_context {
  std::uint64_t magic = ours;
  execution *owner = nullptr;
  execution::team *threads = nullptr;
  bool in_task = false; // a parallel loop inside a parallel loop runs on this thread alone
  std::byte *scratch = nullptr;
  std::size_t size = 0, used = 0;
  piece *last = nullptr; // the topmost piece in use
};

thread_context *context_of(void *user_context) noexcept {
  auto *const c = static_cast<thread_context *>(user_context);
  return c && c->magic == ours ? c : nullptr;
}

std::size_t rounded(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until `value` is no longer `old`: for a moment by looking, because kernels follow each other closely,
// then asleep.
template <class T> void await_change(const std::atomic<T> &value, T old) noexcept {
  constexpr int looks = 20'000; // about a tenth of a millisecond
  for (int i = 0; i < looks; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
}

} // namespace

struct execution::team {
  std::array<thread_context, most_threads + 1>
      contexts; // the caller's, the threads', and the caller's in tasks
  std::array<pthread_t, most_threads> handles{};
  int threads = 1; // with the caller's own

  // The loop under way. It is changed only while `state` is 0.
  halide_task_t task = nullptr;
  std::uint8_t *closure = nullptr;
  int first = 0, count = 0;
  std::atomic<int> next{0};
  std::atomic<int> error{0};

  // A thread that comes too late is not waited for: on a machine that is busy with other things the caller
  // does the work alone rather than stand still.
  static constexpr std::uint32_t open = 1u << 31; // there may be tasks left: threads may still join
  std::atomic<std::uint32_t> state{0};      // `open`, and the number of threads that have joined the loop
  std::atomic<std::uint32_t> generation{0}; // counts loops; the threads wait for it to change
  std::atomic<bool> stop{false};

  struct start_argument {
    team *self = nullptr;
    int index = 0;
  };
  std::array<start_argument, most_threads> arguments{};

  void take_tasks(thread_context &context) noexcept {
    context.in_task = true;
    for (int i = 0; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      const int result = task(&context, first + i, closure);
      if (result != 0) error.store(result, std::memory_order_relaxed);
    }
    context.in_task = false;
  }

  static void *thread_main(void *argument) {
    const auto [self, index] = *static_cast<start_argument *>(argument);
    std::uint32_t seen = 0;
    for (;;) {
      await_change(self->generation, seen);
      seen = self->generation.load(std::memory_order_acquire);
      if (self->stop.load(std::memory_order_relaxed)) return nullptr;
      if (!self->join()) continue;
      self->take_tasks(self->contexts[static_cast<std::size_t>(index)]);
      if (self->state.fetch_sub(1, std::memory_order_acq_rel) == 1) self->state.notify_one();
    }
  }

  // Takes part in the loop that is open now, whichever it is; false if there is none.
  bool join() noexcept {
    std::uint32_t now = state.load(std::memory_order_acquire);
    while ((now & open) != 0)
      if (state.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel, std::memory_order_acquire))
        return true;
    return false;
  }

  bool start() noexcept {
    for (int i = 1; i < threads; ++i) {
      const auto at = static_cast<std::size_t>(i);
      arguments[at] = {this, i};
      if (pthread_create(&handles[at], nullptr, thread_main, &arguments[at]) != 0) {
        threads = i;
        return false;
      }
    }
    return true;
  }

  ~team() {
    stop.store(true, std::memory_order_relaxed);
    generation.fetch_add(1, std::memory_order_release);
    generation.notify_all();
    for (int i = 1; i < threads; ++i)
      pthread_join(handles[static_cast<std::size_t>(i)], nullptr);
  }

  int run(thread_context &caller, halide_task_t f, int min, int size, std::uint8_t *data) noexcept {
    if (caller.in_task || threads == 1 || size <= 1) {
      for (int i = min; i < min + size; ++i)
        if (const int result = f(&caller, i, data); result != 0) return result;
      return 0;
    }
    task = f;
    closure = data;
    first = min;
    count = size;
    next.store(0, std::memory_order_relaxed);
    error.store(0, std::memory_order_relaxed);
    state.store(open, std::memory_order_release);
    generation.fetch_add(1, std::memory_order_release);
    generation.notify_all();
    // tasks on the caller's thread have scratch of their own, as those on any other
    take_tasks(contexts[static_cast<std::size_t>(threads)]);
    state.fetch_and(~open, std::memory_order_acq_rel);
    for (std::uint32_t joined = 0; (joined = state.load(std::memory_order_acquire)) != 0;)
      await_change(state, joined);
    return error.load(std::memory_order_relaxed);
  }
};

namespace {

void *scratch_malloc(void *user_context, std::size_t bytes) {
  thread_context *const c = context_of(user_context);
  if (!c) return halide_default_malloc(user_context, bytes);
  const std::size_t needed = sizeof(piece) + rounded(bytes);
  if (c->size - c->used < needed) return nullptr; // Halide reports it as out of memory
  c->last = new (c->scratch + c->used) piece{.below = c->last, .free = false};
  c->used += needed;
  return c->last + 1;
}

void scratch_free(void *user_context, void *pointer) {
  thread_context *const c = context_of(user_context);
  if (!c) return halide_default_free(user_context, pointer);
  if (!pointer) return;
  (static_cast<piece *>(pointer) - 1)->free = true;
  while (c->last && c->last->free) {
    c->used = static_cast<std::size_t>(reinterpret_cast<std::byte *>(c->last) - c->scratch);
    c->last = c->last->below;
  }
}

int run_parallel_loop(void *user_context, halide_task_t task, int min, int size, std::uint8_t *closure) {
  thread_context *const c = context_of(user_context);
  if (!c) return halide_default_do_par_for(user_context, task, min, size, closure);
  return c->threads->run(*c, task, min, size, closure);
}

void report_error(void *user_context, const char *message) {
  thread_context *const c = context_of(user_context);
  if (c)
    c->owner->set_message(message);
  else
    halide_default_error(user_context, message);
}

// What runtimes of devices say of themselves (how their allocators are set up) is nobody's concern.
void print_nothing(void *, const char *) {}

bool install_hooks() noexcept {
  halide_set_custom_print(print_nothing);
  halide_set_custom_malloc(scratch_malloc);
  halide_set_custom_free(scratch_free);
  halide_set_custom_do_par_for(run_parallel_loop);
  halide_set_error_handler(report_error);
  return true;
}

} // namespace

int default_threads() noexcept {
  if (const char *const text = std::getenv("VGGEN_NUM_THREADS")) {
    const long number = std::strtol(text, nullptr, 10);
    if (number >= 1) return static_cast<int>(std::min<long>(number, execution::most_threads));
  }
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  return static_cast<int>(std::clamp<long>(processors, 1, execution::most_threads));
}

execution::execution() noexcept = default;
execution::~execution() = default;

std::size_t execution::scratch_bytes(std::int64_t shared, std::int64_t per_task, int threads) noexcept {
  // the caller's context (which also runs loops that are not worth splitting), and each thread's tasks
  const std::size_t task = rounded(static_cast<std::size_t>(per_task));
  return rounded(static_cast<std::size_t>(shared)) + task + static_cast<std::size_t>(threads) * task;
}

status execution::prepare(int threads, std::int64_t shared, std::int64_t per_task,
                          std::span<std::byte> lent) noexcept {
  static const bool hooks_installed = install_hooks();
  (void)hooks_installed;
  team_.reset();
  if (threads < 1 || threads > most_threads) return status::invalid_argument;
  const std::size_t total = scratch_bytes(shared, per_task, threads);
  if (!scratch_.reset(total, lent)) return status::out_of_memory;
  team_.reset(new (std::nothrow) team);
  if (!team_) return status::out_of_memory;
  team_->threads = threads;
  const std::size_t task = rounded(static_cast<std::size_t>(per_task));
  std::byte *free = scratch_.data();
  for (int i = 0; i <= threads; ++i) {
    thread_context &c = team_->contexts[static_cast<std::size_t>(i)];
    c.owner = this;
    c.threads = team_.get();
    c.scratch = free;
    c.size = i == 0 ? total - static_cast<std::size_t>(threads) * task : task;
    free += c.size;
  }
  if (!team_->start()) {
    team_.reset();
    return status::out_of_memory;
  }
  return status::ok;
}

status execution::prepare(device_api device) noexcept {
  if (const status here = prepare(1, 0, 0, {}); here != status::ok) return here;
  memory_ = {};
  const halide_device_interface_t *const interface = interface_of(device);
  if (!interface) {
    set_message("the program is not linked with Halide's runtime for devices (vggen::halide_gpu_runtime)");
    return status::no_device;
  }
  configure_devices();
  // a first allocation finds out whether there is such a device
  device_block trial;
  std::array<std::byte, 1> byte{};
  if (trial.take(user_context(), interface, byte) != status::ok) return status::no_device;
  memory_.use(interface);
  return status::ok;
}

device_memory *detail::device_memory_of(void *user_context) noexcept {
  thread_context *const c = context_of(user_context);
  if (!c || !c->owner->memory().device()) return nullptr;
  return &c->owner->memory();
}

void *execution::user_context() const noexcept { return team_ ? &team_->contexts[0] : nullptr; }

int execution::threads() const noexcept { return team_ ? team_->threads : 0; }

void execution::set_message(const char *text) noexcept {
  std::size_t length = 0;
  for (; text[length] != '\0' && length + 1 < message_.size(); ++length)
    message_[length] = text[length] == '\n' ? ' ' : text[length];
  message_[length] = '\0';
}

} // namespace vggen
