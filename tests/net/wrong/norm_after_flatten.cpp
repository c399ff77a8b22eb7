// expect: local_response_norm: needs an input of channels x height x width
// names: 2, local_response_norm, 768, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, flatten, local_response_norm);
