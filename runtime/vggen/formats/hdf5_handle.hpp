// An identifier of the HDF5 library's, closed when it is no longer used.
#pragma once

#include <hdf5.h>

namespace vggen::detail {

/// Represents a file, group, dataset, … of HDF5's: what a function returned, and the function that closes it.
class hdf5_handle {
public:
  hdf5_handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~hdf5_handle() {
    if (valid()) close_(id_);
  }
  hdf5_handle(const hdf5_handle &) = delete;
  hdf5_handle &operator=(const hdf5_handle &) = delete;

  [[nodiscard]] bool valid() const { return id_ >= 0; }
  operator hid_t() const { return id_; } // NOLINT(google-explicit-constructor): it is one

private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

} // namespace vggen::detail
