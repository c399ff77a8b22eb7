#include "generators/operators.hpp"

#include "generators/conv.hpp"
#include "generators/fully_connected.hpp"
#include "generators/pointwise.hpp"
#include "generators/softmax.hpp"

namespace vggen {

namespace {

template <class Stages> operator_family family(const char *name) {
  return {name, {schedules<Stages>().begin(), schedules<Stages>().end()}};
}

} // namespace

operator_family family_of(operation op) {
  switch (op) {
  case operation::conv3x3:
  case operation::conv1x1:
  case operation::conv:
    return family<conv_stages>("conv");
  case operation::fully_connected:
    return family<fully_connected_stages>("fully_connected");
  case operation::softmax:
    return family<softmax_stages>("softmax");
  case operation::max_pool:
  case operation::local_response_norm:
  case operation::flatten:
  case operation::preprocess:
    break;
  }
  return family<pointwise_stages>("pointwise");
}

} // namespace vggen
