// What a data set is to vggen: numbered pictures, each of one class, perhaps with a box around what it shows.
#pragma once

#include "vggen/io/box.hpp"
#include "vggen/io/image.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vggen {

/// Which of the two files (or groups of files) of a published data set.
enum class dataset_part { training, test };

/// Represents pictures with labels, numbered 0 to size() - 1. Nothing changes once it is made: every function
/// may be called from several threads at once. Arguments `i` outside [0, size()) are the caller's mistake.
class dataset {
public:
  dataset() = default;
  dataset(const dataset &) = delete;
  dataset &operator=(const dataset &) = delete;
  virtual ~dataset() = default;

  [[nodiscard]] virtual std::int64_t size() const noexcept = 0;

  /// The names of the classes; labels are positions in it.
  [[nodiscard]] virtual const std::vector<std::string> &class_names() const noexcept = 0;

  /// The class of picture i, in [0, class_names().size()).
  [[nodiscard]] virtual int label(std::int64_t i) const = 0;

  /// The box around what picture i shows, in its pixels; none in a data set without boxes: all pictures have
  /// one, or none has.
  [[nodiscard]] virtual std::optional<box> find_box(std::int64_t /*i*/) const { return std::nullopt; }

  /// Makes `picture` picture i. Its memory is used again where it suffices, so that reading one picture after
  /// another into one object need not allocate. Grey pictures have three equal channels, as read_image gives
  /// them. Throws vggen::error, as the kind of data set says, if the picture cannot be read; `picture` is
  /// then unspecified.
  virtual void read_into(std::int64_t i, image &picture) const = 0;

  /// What to call picture i in messages: its file, or "test image 17".
  [[nodiscard]] virtual std::string name(std::int64_t i) const = 0;

  /// Returns picture i; see read_into.
  [[nodiscard]] image read(std::int64_t i) const {
    image picture;
    read_into(i, picture);
    return picture;
  }
};

} // namespace vggen
