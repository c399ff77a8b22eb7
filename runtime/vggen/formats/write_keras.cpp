// Keras 2's file of weights: the attribute layer_names at the root, and of each layer a group with the
// attribute weight_names, whose entries are datasets in it.
#include "vggen/formats/hdf5_handle.hpp"
#include "vggen/formats/vgg_names.hpp"
#include "vggen/formats/vgg_transforms.hpp"
#include "vggen/formats/write_weights.hpp"

#include "vggen/io/atomic_file.hpp"
#include "vggen/io/error.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hdf5.h>

namespace vggen {

namespace {

using detail::hdf5_handle;

// A file of HDF5's in memory, with what Keras wants in it.
class keras_writer {
public:
  explicit keras_writer(std::string file_name)
      : file_name_(std::move(file_name)), access_(H5Pcreate(H5P_FILE_ACCESS), H5Pclose),
        file_(in_memory(access_), H5Fclose) {
    require(file_.valid());
  }

  struct weight {
    std::string name; // kernel:0
    std::vector<std::int64_t> shape;
    std::vector<float> values;
  };

  void add_layer(const std::string &layer, const std::vector<weight> &weights) {
    const hdf5_handle group(H5Gcreate2(file_, layer.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                            H5Gclose);
    const hdf5_handle inner(H5Gcreate2(group, layer.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                            H5Gclose);
    require(group.valid() && inner.valid());
    std::vector<std::string> names;
    for (const weight &one : weights) {
      const std::vector<hsize_t> extents(one.shape.begin(), one.shape.end());
      const hdf5_handle space(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
                              H5Sclose);
      const hdf5_handle data(
          H5Dcreate2(inner, one.name.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
          H5Dclose);
      require(data.valid() &&
              H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, one.values.data()) >= 0);
      names.push_back(layer + "/" + one.name);
    }
    add_names(group, "weight_names", names);
    layers_.push_back(layer);
  }

  // The whole file.
  std::vector<std::byte> finish() {
    add_names(file_, "layer_names", layers_);
    add_names(file_, "backend", {"tensorflow"}, true);
    add_names(file_, "keras_version", {"2.15.0"}, true);
    require(H5Fflush(file_, H5F_SCOPE_LOCAL) >= 0);
    const ssize_t size = H5Fget_file_image(file_, nullptr, 0);
    require(size > 0);
    std::vector<std::byte> image(static_cast<std::size_t>(size));
    require(H5Fget_file_image(file_, image.data(), image.size()) == size);
    return image;
  }

private:
  static hid_t in_memory(hid_t access) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    constexpr std::size_t step = std::size_t{64} << 20;
    H5Pset_fapl_core(access, step, 0);
    // a name that no file can have, and no other writer has: the library would open the file first
    static std::atomic<int> number = 0;
    const std::string name = "/dev/null/vggen-" + std::to_string(number++);
    return H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  }

  void require(bool done) const {
    if (!done)
      throw error(error_code::out_of_memory, file_name_ + ": HDF5 could not make the file in memory");
  }

  // Texts of equal length, padded with zeros, as Keras writes them.
  void add_names(hid_t object, const char *attribute, const std::vector<std::string> &names,
                 bool scalar = false) const {
    std::size_t length = 1;
    for (const std::string &name : names)
      length = std::max(length, name.size());
    std::string packed;
    for (const std::string &name : names)
      packed += name + std::string(length - name.size(), '\0');
    const hdf5_handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type, length);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    const hsize_t count = names.size();
    const hdf5_handle space(scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr), H5Sclose);
    const hdf5_handle written(H5Acreate2(object, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    require(written.valid() && H5Awrite(written, type, packed.data()) >= 0);
  }

  std::string file_name_;
  hdf5_handle access_, file_;
  std::vector<std::string> layers_;
};

std::vector<float> values_of(const stored_tensor &tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.size()));
  tensor.read(values);
  return values;
}

keras_writer::weight as_is(const char *name, const stored_tensor &tensor) {
  return {name, tensor.shape, values_of(tensor)};
}

// [out, in, h, w] to [h, w, in, out].
keras_writer::weight convolution_kernel(const stored_tensor &tensor) {
  const auto &from = tensor.shape;
  const std::vector<float> values = values_of(tensor);
  keras_writer::weight result{
      "kernel:0", {from[2], from[3], from[1], from[0]}, std::vector<float>(values.size())};
  const auto outputs = static_cast<std::size_t>(from[0]), inputs = static_cast<std::size_t>(from[1]),
             places = static_cast<std::size_t>(from[2] * from[3]);
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t i = 0; i < inputs; ++i)
      for (std::size_t p = 0; p < places; ++p)
        result.values[(p * inputs + i) * outputs + o] = values[(o * inputs + i) * places + p];
  return result;
}

// [out, in] to [in, out], where `in` counts channels and then places, and becomes places and then channels.
keras_writer::weight connected_kernel(const stored_tensor &tensor, std::int64_t channels) {
  const auto out = static_cast<std::size_t>(tensor.shape[0]), in = static_cast<std::size_t>(tensor.shape[1]),
             count = static_cast<std::size_t>(channels), places = in / count;
  const std::vector<float> values = values_of(tensor);
  keras_writer::weight result{
      "kernel:0", {tensor.shape[1], tensor.shape[0]}, std::vector<float>(values.size())};
  for (std::size_t o = 0; o < out; ++o)
    for (std::size_t c = 0; c < count; ++c)
      for (std::size_t p = 0; p < places; ++p)
        result.values[(p * count + c) * out + o] = values[o * in + c * places + p];
  return result;
}

} // namespace

void write_vgg_keras(const std::filesystem::path &path, const vgg_weights &given,
                     const write_progress &progress) {
  vgg_weights weights = given;
  set_epsilon(weights, 1e-3); // Keras's
  keras_writer writer(path.string());
  std::size_t done = 0, layers = weights.top.size();
  for (const auto &block : weights.blocks)
    layers += block.size();
  const auto next = [&] {
    if (progress) progress(static_cast<double>(++done) / static_cast<double>(layers));
  };
  for (std::size_t b = 0; b < weights.blocks.size(); ++b)
    for (std::size_t i = 0; i < weights.blocks[b].size(); ++i) {
      const convolution_weights &convolution = weights.blocks[b][i];
      writer.add_layer(detail::keras_convolution(b, i),
                       {convolution_kernel(convolution.weight), as_is("bias:0", convolution.bias)});
      if (const auto &norm = convolution.norm)
        writer.add_layer("block" + std::to_string(b + 1) + "_bn" + std::to_string(i + 1),
                         {as_is("gamma:0", norm->weight), as_is("beta:0", norm->bias),
                          as_is("moving_mean:0", norm->running_mean),
                          as_is("moving_variance:0", norm->running_var)});
      next();
    }
  for (std::size_t i = 0; i < weights.top.size(); ++i) {
    const fully_connected_weights &connected = weights.top[i];
    const std::int64_t channels =
        i == 0 ? weights.blocks.back().back().weight.shape[0] : connected.weight.shape[1];
    writer.add_layer(detail::keras_fully_connected(i, weights.top.size()),
                     {connected_kernel(connected.weight, channels), as_is("bias:0", connected.bias)});
    next();
  }
  const std::vector<std::byte> image = writer.finish();
  atomic_file file(path);
  file.write(image);
  file.commit();
}

} // namespace vggen
