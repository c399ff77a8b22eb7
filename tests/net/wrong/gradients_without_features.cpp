// expect: gradients: the network has no features
#include <vggen/net/describe.hpp>
#include <vggen/net/zoo.hpp>

int main() {
  return vggen::describe<vggen::model_uses{.gradients_batch = 1}, 1>(vggen::vgg16, "", "", "").empty() ? 1
                                                                                                       : 0;
}
