#include "tools/vggen-tune/tuner.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <regex>
#include <stdexcept>

#include <unistd.h>

namespace vggen {

namespace {

using clock = std::chrono::steady_clock;

// A line that changes on a terminal; elsewhere only what is worth keeping.
class status_line {
public:
  void show(const std::string &text) {
    if (terminal_) std::fprintf(stderr, "\r\033[K%s", text.c_str());
  }
  void keep(const std::string &text) {
    if (terminal_) std::fputs("\r\033[K", stderr);
    std::fprintf(stderr, "%s\n", text.c_str());
  }

private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
};

std::string text(const char *format, auto... values) {
  char line[512];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

// A kernel to be tuned, and how often the models' runs call it.
struct work_item {
  signature kernel;
  int calls = 0;
  std::unique_ptr<kernel_search> search{};
};

// A convolution with a pool that may be two kernels instead.
struct choice {
  signature fused;
  std::vector<signature> split;
};

class tuning {
public:
  tuning(const std::vector<description> &models, tuned_file &file, const tuned_machine &machine,
         const tune_settings &settings, const trial_settings &trials)
      : file_(file), machine_(machine), settings_(settings), trials_(trials),
        end_(clock::now() + settings.budget), only_(settings.only) {
    for (const description &model : models)
      for (const described_group &group : model.groups) {
        count(group.fused);
        const auto same = [&](const choice &c) { return c.fused == group.fused; };
        if (!group.split.empty() && std::ranges::none_of(choices_, same))
          choices_.push_back({group.fused, group.split});
      }
  }

  bool run() {
    if (items_.empty()) {
      line_.keep("nothing to tune: all kernels were tuned on this machine before (--again does it again)");
      return true;
    }
    line_.keep(
        text("%zu kernels to tune, %d threads, %s", items_.size(), trials_.threads, machine_.cpu.c_str()));
    measure_defaults();
    std::size_t done = 0;
    for (const auto &item : items_) {
      if (!item->search) continue;
      if (clock::now() >= end_) break;
      tune_one(*item, ++done);
    }
    compare_splits();
    print_table();
    return tuned_ == items_.size();
  }

private:
  static std::string name_of(const signature &kernel) { return std::string(to_text(kernel).view()); }

  void count(const signature &kernel) {
    const std::string name = name_of(kernel);
    if (!can_be_tuned(kernel) || !std::regex_search(name, only_)) return;
    if (!settings_.again && file_.find(name, machine_.cpu, machine_.threads)) return;
    for (const auto &item : items_)
      if (item->kernel == kernel) {
        ++item->calls;
        return;
      }
    items_.push_back(std::make_unique<work_item>(work_item{.kernel = kernel, .calls = 1}));
  }

  // It has operands that the timer knows, and there is something to choose.
  [[nodiscard]] bool can_be_tuned(const signature &kernel) const {
    const operator_family family = family_of(kernel, settings_.target.has_gpu_feature());
    return kernel.has_weights() &&
           (family.schedules.size() > 1 || !family.schedules.front().parameters.empty());
  }

  std::unique_ptr<kernel_search> make_search(const signature &kernel) {
    return std::make_unique<kernel_search>(
        kernel, settings_.target, settings_.allowed, trials_,
        [this](const std::string &why) { line_.keep("note: " + why); },
        [this](std::size_t tried, double best) {
          const double left = std::chrono::duration<double, std::ratio<60>>(end_ - clock::now()).count();
          line_.show(where_ +
                     text(": %zu tried, best %.3f ms; %.0f min left", tried, best, std::max(0.0, left)));
        });
  }

  // Those that take the most time come first.
  void measure_defaults() {
    std::size_t done = 0;
    for (const auto &item : items_) {
      where_ = text("before tuning %zu/%zu", ++done, items_.size());
      auto search = make_search(item->kernel);
      try {
        search->measure_default();
        item->search = std::move(search);
      } catch (const std::exception &e) {
        line_.keep("note: " + name_of(item->kernel) + " is left out: " + e.what());
      }
      if (clock::now() >= end_) break;
    }
    std::ranges::stable_sort(items_, std::greater{}, [](const auto &item) {
      return item->search ? item->calls * item->search->untuned().ms : 0;
    });
  }

  void tune_one(work_item &item, std::size_t number) {
    kernel_search &search = *item.search;
    where_ = text("[%zu/%zu] ", number, items_.size()) + name_of(item.kernel);
    try {
      add_hints(search);
      search.run(settings_.search);
    } catch (const std::exception &e) {
      line_.keep("note: " + name_of(item.kernel) + " is left out: " + e.what());
      item.search.reset();
      return;
    }
    file_.put(entry_of(search));
    ++tuned_;
    const candidate &best = search.best();
    line_.keep(where_ + text(": %.3f -> %.3f ms, %s (%zu tried, %zu failed)", search.untuned().ms, best.ms,
                             best.planned.kernel.schedule_text().c_str(), search.tried(), search.failed()));
  }

  // What was the best before, and for kernels that differ in batch, epilogue or channels only.
  void add_hints(kernel_search &search) const {
    const signature &kernel = search.kernel();
    for (const tuned_entry &e : file_.entries()) {
      const auto other = parse_signature(e.kernel);
      if (other->op == kernel.op && other->dir == kernel.dir && other->height == kernel.height &&
          other->width == kernel.width)
        search.add_hint(e.schedule, e.parameters);
    }
  }

  [[nodiscard]] tuned_entry entry_of(const kernel_search &search) const {
    const candidate &best = search.best();
    tuned_entry e{.kernel = name_of(search.kernel()),
                  .schedule = best.planned.kernel.chosen.name,
                  .parameters = best.planned.kernel.parameters};
    e.cpu = machine_.cpu;
    e.threads = machine_.threads;
    e.ms = best.ms;
    e.default_ms = search.untuned().ms;
    e.gflops = 2e-6 * static_cast<double>(search.kernel().multiply_adds()) / best.ms;
    if (machine_.gflops > 0) e.share_of_peak = e.gflops / machine_.gflops;
    e.error = best.checked.error;
    return e;
  }

  // Whether a convolution and a pool of its own take less than both in one.
  void compare_splits() {
    for (const choice &c : choices_) {
      const auto item = std::ranges::find(items_, c.fused, [](const auto &i) { return i->kernel; });
      if (item == items_.end() || !(*item)->search || clock::now() >= end_) continue;
      const kernel_search &fused = *(*item)->search;
      where_ = "split: " + name_of(c.fused);
      try {
        double ms = 0;
        for (const signature &part : c.split) {
          auto search = make_search(part);
          search->measure_default();
          if (part.has_weights())
            search->run({.first = 4, .neighbours = 0, .generations = 0, .rounds = settings_.search.rounds});
          ms += search->best().ms;
          if (part.has_weights() && !file_.find(name_of(part), machine_.cpu, machine_.threads))
            file_.put(entry_of(*search));
        }
        if (ms >= fused.best().ms * 0.98) continue;
        tuned_entry e = entry_of(fused);
        e.schedule = split_schedule;
        e.parameters.clear();
        e.ms = ms;
        file_.put(e);
        line_.keep(where_ + text(": %.3f -> %.3f ms", fused.best().ms, ms));
      } catch (const std::exception &e) {
        line_.keep("note: " + where_ + ": " + e.what());
      }
    }
  }

  void print_table() const {
    std::printf("\n%-75s %6s %9s %9s %6s  %s\n", "kernel", "calls", "before", "after", "", "schedule");
    double before = 0, after = 0;
    for (const auto &item : items_) {
      if (!item->search) continue;
      const tuned_entry *const e = file_.find(name_of(item->kernel), machine_.cpu, machine_.threads);
      const double old_ms = item->search->untuned().ms, new_ms = e ? e->ms : old_ms;
      before += item->calls * old_ms;
      after += item->calls * new_ms;
      std::string schedule = e ? e->schedule : "not tuned";
      if (e)
        for (const auto &[name, value] : e->parameters)
          schedule += " " + name + "=" + std::to_string(value);
      std::printf("%-75s %6d %7.3fms %7.3fms %6.2f  %s\n", name_of(item->kernel).c_str(), item->calls, old_ms,
                  new_ms, new_ms / old_ms, schedule.c_str());
    }
    std::printf("%-75s %6s %7.3fms %7.3fms %6.2f\n", "together", "", before, after, after / before);
  }

  tuned_file &file_;
  const tuned_machine &machine_;
  const tune_settings &settings_;
  const trial_settings &trials_;
  clock::time_point end_;
  std::regex only_;
  std::vector<std::unique_ptr<work_item>> items_;
  std::vector<choice> choices_;
  std::size_t tuned_ = 0;
  status_line line_;
  std::string where_;
};

} // namespace

bool tune(const std::vector<description> &models, tuned_file &file, const tuned_machine &machine,
          const tune_settings &settings, const trial_settings &trials) {
  return tuning(models, file, machine, settings, trials).run();
}

} // namespace vggen
