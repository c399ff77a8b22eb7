#include "tools/trainer/epoch_bar.hpp"

#include "tools/trainer/totals_text.hpp"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

namespace vggen {

epoch_bar::epoch_bar(std::int64_t epoch, std::int64_t epochs, std::int64_t images, bool boxes)
    : epoch_(epoch), epochs_(epochs), images_before_(images), boxes_(boxes),
      terminal_(isatty(STDERR_FILENO) != 0) {}

epoch_bar::~epoch_bar() {
  if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
}

double epoch_bar::seconds() const { return std::chrono::duration<double>(clock::now() - start_).count(); }

double epoch_bar::images_per_second(const training_totals &totals) const {
  return static_cast<double>(totals.images - images_before_) / std::max(1e-9, seconds());
}

void epoch_bar::update(const epoch_progress &p) {
  if (first_batch_ < 0) first_batch_ = p.batch - 1;
  const auto now = clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(terminal_ ? 100 : 15000);
  const double done =
      static_cast<double>(p.batch) / static_cast<double>(std::max<std::int64_t>(1, p.batches));
  const double left =
      seconds() / static_cast<double>(p.batch - first_batch_) * static_cast<double>(p.batches - p.batch);
  std::string bar;
  constexpr int width = 20;
  for (int i = 0; i < width; ++i)
    bar += i < done * width ? '#' : '.';
  std::fprintf(stderr,
               terminal_ ? "\r\033[Kepoch %lld/%lld [%s] %lld/%lld  %s  %.0f images/s  %.0f s left"
                         : "epoch %lld/%lld [%s] %lld/%lld  %s  %.0f images/s  %.0f s left\n",
               static_cast<long long>(epoch_), static_cast<long long>(epochs_), bar.c_str(),
               static_cast<long long>(p.batch), static_cast<long long>(p.batches),
               text_of(p.totals, boxes_).c_str(), images_per_second(p.totals), left);
  shown_ = true;
}

} // namespace vggen
