// expect: training: a relu stands before the softmax
#include <vggen/net/step_plan.hpp>

using namespace vggen;

constexpr auto net =
    sequential(input<3, 8, 8>, conv3x3<4>, relu, flatten, fully_connected<10>, relu, softmax);

int main() { check_trainable<std::remove_const_t<decltype(net)>>(); }
