#include <vggen/formats/natural_order.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using vggen::detail::comes_before;

TEST_CASE("numbers in names are compared as numbers") {
  const std::vector<std::string> sorted{"",
                                        "a",
                                        "a2",
                                        "a10",
                                        "b",
                                        "conv2d",
                                        "conv2d_1",
                                        "conv2d_2",
                                        "conv2d_10",
                                        "features.2",
                                        "features.10.weight"};
  for (std::size_t i = 0; i < sorted.size(); ++i)
    for (std::size_t j = 0; j < sorted.size(); ++j)
      CHECK(comes_before(sorted[i], sorted[j]) == (i < j));
  CHECK_FALSE(comes_before("a007", "a7")); // equal numbers
  CHECK(comes_before("a007", "a8"));
  CHECK(comes_before("a99999999999999999999998", "a99999999999999999999999"));
}
