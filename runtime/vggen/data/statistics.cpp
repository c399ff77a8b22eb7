// Sums of bytes and of their products, which are exact in integers, and few divisions at the end.
#include "vggen/data/statistics.hpp"

#include "vggen/data/luma.hpp"
#include "vggen/data/threads.hpp"
#include "vggen/io/error.hpp"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace vggen {
namespace {

__extension__ using wide = __int128; // for products of two sums

// A sum of products of two bytes fits below so many pixels.
constexpr std::uint64_t most_pixels = std::numeric_limits<std::uint64_t>::max() / (std::uint64_t{255} * 255);

struct sums {
  std::uint64_t pixels = 0;
  std::array<std::uint64_t, 3> values{};                  // [c]
  std::array<std::array<std::uint64_t, 3>, 3> products{}; // [c][d], c <= d
  std::int64_t unreadable = 0;

  void add(const image &picture, int channels) {
    const std::size_t count = picture.pixels.size() / 3;
    pixels += count;
    const std::uint8_t *pixel = picture.pixels.data();
    for (std::size_t i = 0; i < count; ++i, pixel += 3) {
      if (channels == 1) {
        const std::uint64_t grey = detail::luma(pixel);
        values[0] += grey;
        products[0][0] += grey * grey;
        continue;
      }
      const std::uint64_t red = pixel[0];
      const std::uint64_t green = pixel[1];
      const std::uint64_t blue = pixel[2];
      values[0] += red;
      values[1] += green;
      values[2] += blue;
      products[0][0] += red * red;
      products[0][1] += red * green;
      products[0][2] += red * blue;
      products[1][1] += green * green;
      products[1][2] += green * blue;
      products[2][2] += blue * blue;
    }
  }

  void add(const sums &other) {
    pixels += other.pixels;
    unreadable += other.unreadable;
    for (std::size_t c = 0; c < 3; ++c) {
      values[c] += other.values[c];
      for (std::size_t d = c; d < 3; ++d)
        products[c][d] += other.products[c][d];
    }
  }

  // Of values from 0 to 1. The difference, of which one by one only rounding errors might remain, is exact.
  double covariance(std::size_t c, std::size_t d) const {
    const wide difference = wide{pixels} * products[c][d] - wide{values[c]} * values[d];
    return static_cast<double>(difference) / (static_cast<double>(pixels) * static_cast<double>(pixels)) /
           (255.0 * 255);
  }
};

// Pictures are taken in turn, some at a time. Those that were taken are finished even when another one
// failed, so that the error of the first picture that has one is always found.
class pass {
public:
  pass(const dataset &pictures, const statistics_options &options) : pictures_(pictures), options_(options) {}

  sums run() {
    std::vector<std::jthread> workers; // joined last, so that none outlives what it works with
    const stop_at_end end{*this};
    detail::start_threads(workers, options_.threads, [this] { work(); });
    report_until_done();
    for (std::jthread &worker : workers)
      worker.join();
    if (problem_) std::rethrow_exception(problem_);
    return total_;
  }

private:
  static constexpr std::int64_t taken_at_once = 16;

  struct stop_at_end {
    pass &all;
    ~stop_at_end() {
      const std::scoped_lock lock(all.mutex_);
      all.stopped_ = true;
    }
  };

  void work() {
    sums mine;
    image picture;
    std::unique_lock lock(mutex_);
    while (!stopped_ && next_ < pictures_.size()) {
      const std::int64_t begin = next_;
      next_ = std::min(begin + taken_at_once, pictures_.size());
      const std::int64_t end = next_;
      lock.unlock();
      std::int64_t at = begin;
      std::exception_ptr problem;
      try {
        for (; at < end; ++at)
          add(at, picture, mine);
      } catch (...) {
        problem = std::current_exception();
      }
      lock.lock();
      done_ += end - begin;
      if (problem && (!problem_ || at < problem_at_)) {
        problem_ = problem;
        problem_at_ = at;
        stopped_ = true;
      }
      progressed_.notify_one();
    }
    total_.add(mine);
  }

  void add(std::int64_t i, image &picture, sums &to) const {
    try {
      pictures_.read_into(i, picture);
      check_image(picture, pictures_.name(i));
    } catch (const error &problem) {
      if (options_.unreadable == unreadable_images::stop || !detail::is_about_picture(problem)) throw;
      ++to.unreadable;
      return;
    }
    to.add(picture, options_.channels);
    if (to.pixels > most_pixels / detail::most_threads)
      throw error(error_code::too_large, "find_statistics: found too many pixels for sums of 64 bits");
  }

  void report_until_done() {
    const std::int64_t all = pictures_.size();
    const std::int64_t step = std::max<std::int64_t>(all / 100, 1);
    std::unique_lock lock(mutex_);
    for (std::int64_t reported = 0; reported < all && !stopped_;) {
      progressed_.wait(lock, [&] { return stopped_ || done_ == all || done_ >= reported + step; });
      if (stopped_) return;
      reported = done_;
      if (!options_.progress) continue;
      lock.unlock();
      options_.progress(reported, all);
      lock.lock();
    }
  }

  const dataset &pictures_;
  const statistics_options &options_;
  std::mutex mutex_;
  std::condition_variable progressed_;
  std::int64_t next_ = 0;
  std::int64_t done_ = 0;
  bool stopped_ = false;
  sums total_;
  std::exception_ptr problem_;
  std::int64_t problem_at_ = 0;
};

} // namespace

image_statistics find_statistics(const dataset &pictures, const statistics_options &options) {
  if ((options.channels != 1 && options.channels != 3) || options.threads < 1 ||
      options.threads > detail::most_threads)
    throw error(error_code::invalid_argument, "find_statistics: found " + std::to_string(options.channels) +
                                                  " channels and " + std::to_string(options.threads) +
                                                  " threads, expected 1 or 3 channels and 1 to " +
                                                  std::to_string(detail::most_threads) + " threads");
  const sums total = pass(pictures, options).run();
  if (total.pixels == 0)
    throw error(error_code::invalid_argument, "find_statistics: found no readable image among " +
                                                  std::to_string(pictures.size()) +
                                                  ", expected at least one");
  image_statistics result;
  result.channels = options.channels;
  result.pixels = static_cast<std::int64_t>(total.pixels);
  result.unreadable = total.unreadable;
  const auto channels = static_cast<std::size_t>(options.channels);
  matrix3 covariance{};
  for (std::size_t c = 0; c < channels; ++c) {
    result.mean[c] = static_cast<double>(total.values[c]) / static_cast<double>(total.pixels) / 255;
    for (std::size_t d = c; d < channels; ++d)
      covariance[c][d] = covariance[d][c] = total.covariance(c, d);
    result.deviation[c] = std::sqrt(covariance[c][c]);
  }
  if (channels == 3) result.colours = find_principal_components(covariance);
  return result;
}

} // namespace vggen
