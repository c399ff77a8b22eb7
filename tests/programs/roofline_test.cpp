// What kernels must at least read, write and compute.
#include "tools/machine/roofline.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string_view>

using namespace vggen;

namespace {

// floats packed, and multiply-adds of the algorithm: 0 of the plain sums
compiled_kernel kernel(std::string_view text, std::int64_t packed = 0, std::int64_t multiply_adds = 0) {
  const signature s = parse_signature(text).value();
  return {.kernel = s,
          .packed_size = packed,
          .multiply_adds = multiply_adds > 0 ? multiply_adds : s.multiply_adds()};
}

measured_machine machine_of(double gflops, double read_gbps) {
  return {.cpu = "", .threads = 1, .gflops = gflops, .read_gbps = read_gbps};
}

} // namespace

TEST_CASE("a kernel must read and write each of its tensors once") {
  const auto bytes = [](auto... arguments) { return compulsory_bytes(kernel(arguments...)); };
  // two images with a halo in, without one out; packed weights, and the bias
  CHECK(bytes("conv3x3.forward n2 5x7 c3 k10 bias+relu f32", 400) ==
        4 * (2 * (7 * 9 * 3 + 5 * 7 * 10) + 400 + 10));
  // a pool floors
  CHECK(bytes("conv3x3.forward n1 5x7 c3 k10 max-pool out-halo f32", 270) ==
        4 * (7 * 9 * 3 + 4 * 5 * 10 + 270));
  CHECK(bytes("fully_connected.forward n5 1x1 c77 k12 bias f32") == 4 * (5 * (77 + 12) + 77 * 12 + 12));
  CHECK(bytes("max_pool.forward n1 5x7 c3 f32") == 4 * 3 * (5 * 7 + 2 * 3));
  CHECK(bytes("preprocess.forward n2 5x7 c3 out-halo f32") == 2 * 105 + 4 * (2 * 7 * 9 * 3 + 9));
  // the input is read only where the gradient depends on it
  CHECK(bytes("conv3x3.backward-data n2 5x7 c10 k5 f32", 450) == 4 * (2 * (7 * 9 * 5 + 5 * 7 * 10) + 450));
  CHECK(bytes("conv3x3.backward-data n2 5x7 c10 k5 relu f32", 450) ==
        4 * (2 * (7 * 9 * 5 + 5 * 7 * 10 + 7 * 9 * 10) + 450));
  CHECK(bytes("max_pool.backward-data n1 4x6 c3 f32") == 4 * 3 * (2 * 3 + 2 * 4 * 6));
  CHECK(bytes("conv3x3.backward-weights n2 5x7 c5 k10 bias f32") ==
        4 * (2 * 7 * 9 * (5 + 10) + 9 * 5 * 10 + 10));
  CHECK(bytes("cross_entropy.forward n3 1x1 c10 f32") == 4 * 3 * (10 + 10 + 1 + 1));
  CHECK(bytes("squared_error.forward n3 1x1 c12 k4 f32") == 4 * 3 * (12 + 12 + 4 + 1 + 1));
  CHECK(bytes(to_text(signature{.op = operation::sgd, .channels = 1}).view()) == 20);
}

TEST_CASE("work adds up, and shares are of the algorithm's own multiply-adds") {
  const workload work =
      work_of(kernel("conv3x3.forward n1 56x56 c256 k256 f32", std::int64_t{16} * 65536, 205'520'896));
  CHECK(work.plain_gflop == doctest::Approx(3.699376128));
  CHECK(work.gflop == doctest::Approx(0.411041792));
  CHECK(work.gbyte == doctest::Approx(4e-9 * (256 * (58 * 58 + 56 * 56) + 16 * 65536)));
  workload twice = work;
  twice += work * 1;
  CHECK(twice.gbyte == doctest::Approx(2 * work.gbyte));

  const double arithmetic = 0.411041792 / 100;
  CHECK(roofline_share(work, 0.01, machine_of(100, 10)) == doctest::Approx(arithmetic / 0.01));
  CHECK(roofline_share(work, 0.01, machine_of(100, 1)) ==
        doctest::Approx(work.gbyte / 0.01)); // memory takes longer
}
