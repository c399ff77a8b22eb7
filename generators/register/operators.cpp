#include "generators/operators.hpp"

#include "generators/batch_norm.hpp"
#include "generators/conv.hpp"
#include "generators/conv_weights.hpp"
#include "generators/cross_entropy.hpp"
#include "generators/fully_connected.hpp"
#include "generators/pointwise.hpp"
#include "generators/product.hpp"
#include "generators/sgd.hpp"
#include "generators/softmax.hpp"
#include "generators/squared_error.hpp"

namespace vggen {

namespace {

template <class Stages> operator_family family(const char *name, bool on_device) {
  operator_family result{name, {}};
  for (const schedule_info &s : schedules<Stages>())
    if (s.on_device == on_device) result.schedules.push_back(s);
  return result;
}

} // namespace

operator_family family_of(const signature &kernel, bool on_device) {
  switch (kernel.op) {
  case operation::conv3x3:
  case operation::conv1x1:
  case operation::conv:
    if (kernel.dir == direction::backward_weights)
      return family<conv_weights_stages>("conv_weights", on_device);
    return family<conv_stages>("conv", on_device);
  case operation::fully_connected:
    if (kernel.dir != direction::forward) return family<product_stages>("product", on_device);
    return family<fully_connected_stages>("fully_connected", on_device);
  case operation::softmax:
    return family<softmax_stages>("softmax", on_device);
  case operation::batch_norm:
    return family<batch_norm_stages>("batch_norm", on_device);
  case operation::cross_entropy:
    return family<cross_entropy_stages>("cross_entropy", on_device);
  case operation::squared_error:
    return family<squared_error_stages>("squared_error", on_device);
  case operation::sgd:
    return family<sgd_stages>("sgd", on_device);
  case operation::max_pool:
  case operation::adaptive_average_pool:
  case operation::adaptive_max_pool:
  case operation::local_response_norm:
  case operation::flatten:
  case operation::preprocess:
  case operation::dropout:
  case operation::relu:
  case operation::add:
    break;
  }
  return family<pointwise_stages>("pointwise", on_device);
}

std::string generator_name(const signature &kernel) {
  std::string name(name_of(kernel.op));
  if (kernel.dir == direction::backward_data) name += "_backward_data";
  if (kernel.dir == direction::backward_weights) name += "_backward_weights";
  return name;
}

} // namespace vggen
