// expect: softmax: its input's extent is dynamic
// names: 2, softmax, 10, 64, 64
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(dynamic_input<3, 64, 64>, conv3x3<10>, softmax);
