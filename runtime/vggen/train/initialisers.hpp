// What parameters are before training: the usual initialisers, from random numbers that a seed repeats.
#pragma once

#include <vggen/net/parameters.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vggen {

/// How the elements of a tensor are drawn. With fan_in and fan_out the weights that lead into one output, and
/// out of one input ([outputs, inputs, height, width]: inputs * height * width, and outputs * height *
/// width), as PyTorch and Keras count them:
///
///     name                    variance                 distribution
///     lecun_normal            1 / fan_in               truncated normal
///     lecun_uniform           1 / fan_in               uniform
///     glorot_normal           2 / (fan_in + fan_out)   truncated normal
///     glorot_uniform          2 / (fan_in + fan_out)   uniform
///     he_normal               2 / fan_in               truncated normal
///     he_uniform              2 / fan_in               uniform
///     kaiming_normal_fan_out  2 / fan_out              normal
///
/// Their truncated normals are Keras's: cut at two standard deviations of a normal distribution whose
/// deviation is 1 / 0.87962566 of the one asked for, so that what is left has the variance asked for.
/// PyTorch's kaiming_normal_ and xavier_normal_ have the same variance and do not cut; the last one is its
/// kaiming_normal_(mode="fan_out"), which torchvision's VGGs start their convolutions with.
enum class initialiser_kind {
  zeros,
  constant,         ///< `value` everywhere
  normal,           ///< of standard deviation `value`
  truncated_normal, ///< of standard deviation `value` before it is cut at twice that, and 0.88 times it after
  uniform,          ///< in [-value, value)
  lecun_normal,
  lecun_uniform,
  glorot_normal,
  glorot_uniform,
  he_normal,
  he_uniform,
  kaiming_normal_fan_out,
  orthogonal, ///< [outputs, all else]: orthogonal rows, or columns if these are fewer, of the norm `value`
};

/// Represents an initialiser. `value` is above 0 and at most 1e30, but that a constant may be any number from
/// -1e30 to 1e30; kinds that take no value ignore it.
struct initialiser {
  initialiser_kind kind = initialiser_kind::zeros;
  double value = 1;
};

/// Represents how each sort of parameter tensor starts. A classifier in the form of convolutions counts as
/// convolutions.
struct initialisation {
  initialiser convolution{initialiser_kind::he_normal};     ///< weights of rank 4
  initialiser fully_connected{initialiser_kind::he_normal}; ///< weights of rank 2
  initialiser bias{initialiser_kind::zeros};                ///< a constant or drawn without fans
};

/// Returns the initialiser of that text: a kind's name, with its value in parentheses for constant, normal,
/// truncated_normal and uniform ("normal(0.01)"), and, if wanted, for orthogonal, whose value is 1 without.
/// Throws vggen::error with invalid_argument if there is none, listing those there are.
[[nodiscard]] initialiser parse_initialiser(std::string_view text);

/// What parse_initialiser reads, for people: "zeros, constant(value), normal(deviation), ...".
[[nodiscard]] std::string known_initialisers();

/// The text that parse_initialiser reads as `how`.
[[nodiscard]] std::string text_of(const initialiser &how);

/// Fills `out`, all of the tensor `parameter`, with its initial values; `tensor` is its index among the
/// network's parameters.
///
/// The values depend on the arguments alone, to the bit, on every machine: element e is made of word e % 4 of
/// philox(seed, (e / 4, tensor, initial_weights)), see random.hpp. Uniform ones are fill_uniform's; normal
/// ones are the quantile of (word + 0.5) / 2^32, computed in double and rounded, so none is beyond 6.4
/// deviations. Orthogonal ones are PyTorch's orthogonal_ over a normal tensor: the Q of its QR factorisation
/// whose R has a positive diagonal. That takes a copy of the tensor in double, and 2 * size * min(outputs,
/// all else) multiply-adds: half a second for conv5_1, minutes for VGG16's fc6.
///
/// Throws vggen::error with
///   invalid_argument if `out` has another size than the tensor, an initialiser's value is out of its range,
///   or
///                    a bias is to be drawn by fans or orthogonally;
///   out_of_memory    if memory runs out.
void initialise(std::span<float> out, const parameter_info &parameter, const initialisation &how,
                std::uint32_t tensor, std::uint64_t seed);

} // namespace vggen
