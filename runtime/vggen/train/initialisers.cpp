// Drawing: a word of Philox for each element, through the quantile function where it is not uniform.
#include "vggen/train/initialisers.hpp"

#include "vggen/core/random.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"
#include "vggen/train/normal_quantile.hpp"
#include "vggen/train/number_text.hpp"
#include "vggen/train/orthogonal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <new>
#include <system_error>
#include <vector>

namespace vggen {
namespace {

constexpr double largest_value = 1e30; // leaves what is made of it far inside float's range

enum class takes_value { no, yes, if_wanted };

struct kind_info {
  initialiser_kind kind;
  std::string_view name;
  takes_value takes = takes_value::no;
  std::string_view value_name = "";
};

using enum initialiser_kind;
constexpr std::array kinds = {
    kind_info{zeros, "zeros"},
    kind_info{constant, "constant", takes_value::yes, "value"},
    kind_info{normal, "normal", takes_value::yes, "deviation"},
    kind_info{truncated_normal, "truncated_normal", takes_value::yes, "deviation"},
    kind_info{uniform, "uniform", takes_value::yes, "bound"},
    kind_info{lecun_normal, "lecun_normal"},
    kind_info{lecun_uniform, "lecun_uniform"},
    kind_info{glorot_normal, "glorot_normal"},
    kind_info{glorot_uniform, "glorot_uniform"},
    kind_info{he_normal, "he_normal"},
    kind_info{he_uniform, "he_uniform"},
    kind_info{kaiming_normal_fan_out, "kaiming_normal_fan_out"},
    kind_info{orthogonal, "orthogonal", takes_value::if_wanted, "gain"},
};

[[noreturn]] void fail(const std::string &found, const std::string &expected) {
  throw error(error_code::invalid_argument, "initialiser: found " + found + ", expected " + expected);
}

const kind_info &info_of(initialiser_kind kind) {
  const auto info = std::ranges::find(kinds, kind, &kind_info::kind);
  if (info == kinds.end()) fail("kind " + std::to_string(static_cast<int>(kind)), "one that there is");
  return *info;
}

std::string usage(const kind_info &info) {
  std::string name(info.name);
  const std::string with_value = name + "(" + std::string(info.value_name) + ")";
  if (info.takes == takes_value::no) return name;
  return info.takes == takes_value::yes ? with_value : name + " or " + with_value;
}

bool in_range(const initialiser &how) {
  if (info_of(how.kind).takes == takes_value::no) return true;
  return how.value <= largest_value && (how.kind == constant ? how.value >= -largest_value : how.value > 0);
}

std::string range_text(initialiser_kind kind) {
  return kind == constant ? "a number from -1e30 to 1e30" : "a number above 0 and at most 1e30";
}

// The number that is all of the text, or NaN.
double number_of(std::string_view text) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() && end == text.data() + text.size() ? number : NAN;
}

bool is_weighted_by_fans(initialiser_kind kind) {
  return kind == lecun_normal || kind == lecun_uniform || kind == glorot_normal || kind == glorot_uniform ||
         kind == he_normal || kind == he_uniform || kind == kaiming_normal_fan_out;
}

// variance = share / count, so that what is made of it rounds once
struct variance_ratio {
  double share, count;
};

variance_ratio variance_of(initialiser_kind kind, const parameter_info &parameter) {
  const auto outputs = static_cast<double>(parameter.extents[0]);
  const double fan_in = static_cast<double>(parameter.size()) / outputs;
  const double fan_out = outputs * (fan_in / static_cast<double>(parameter.extents[1]));
  if (kind == lecun_normal || kind == lecun_uniform) return {1, fan_in};
  if (kind == glorot_normal || kind == glorot_uniform) return {2, fan_in + fan_out};
  if (kind == kaiming_normal_fan_out) return {2, fan_out};
  return {2, fan_in};
}

// Calls `use(element, p)` for the elements from 0 to `count`, p being uniform in (0, 1), no nearer to either
// end than 2^-33.
template <class Use> void draw(std::size_t count, std::uint32_t tensor, std::uint64_t seed, Use use) {
  constexpr std::size_t lanes = 16;
  const auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  for (std::uint64_t block = 0; block * 4 < count; block += lanes) {
    detail::philox_lanes<lanes> p{};
    for (std::size_t i = 0; i < lanes; ++i) {
      p.a[i] = static_cast<std::uint32_t>(block + i);
      p.b[i] = static_cast<std::uint32_t>((block + i) >> 32);
      p.c[i] = tensor;
      p.d[i] = static_cast<std::uint32_t>(random_stream::initial_weights);
    }
    p.run(key0, key1);
    const std::array words = {&p.a, &p.b, &p.c, &p.d};
    const std::size_t first = static_cast<std::size_t>(block) * 4;
    for (std::size_t i = 0; i < std::min(4 * lanes, count - first); ++i)
      use(first + i, (static_cast<double>((*words[i % 4])[i / 4]) + 0.5) * 0x1p-32);
  }
}

void fill_normal(std::span<float> out, double deviation, std::uint32_t tensor, std::uint64_t seed) {
  draw(out.size(), tensor, seed, [&](std::size_t element, double p) {
    out[element] = static_cast<float>(deviation * detail::normal_quantile(p));
  });
}

void fill_truncated_normal(std::span<float> out, double deviation, std::uint32_t tensor, std::uint64_t seed) {
  constexpr double below = 0.022750131948179207; // the normal distribution's share below -2
  draw(out.size(), tensor, seed, [&](std::size_t element, double p) {
    out[element] = static_cast<float>(deviation * detail::normal_quantile(below + (1 - 2 * below) * p));
  });
}

void fill_orthogonal(std::span<float> out, double gain, std::size_t rows, std::uint32_t tensor,
                     std::uint64_t seed) {
  const std::size_t columns = out.size() / rows;
  // where the vectors have an element: they are the tensor's rows, or its columns
  const auto place = [&](std::size_t element) {
    return rows <= columns ? element : element % columns * rows + element / columns;
  };
  std::vector<double> vectors(out.size());
  draw(out.size(), tensor, seed,
       [&](std::size_t element, double p) { vectors[place(element)] = detail::normal_quantile(p); });
  detail::orthonormalise(vectors, std::min(rows, columns), std::max(rows, columns));
  for (std::size_t element = 0; element < out.size(); ++element)
    out[element] = static_cast<float>(gain * vectors[place(element)]);
}

void fill_by_fans(std::span<float> out, const parameter_info &parameter, initialiser_kind kind,
                  std::uint32_t tensor, std::uint64_t seed) {
  constexpr double deviation_left = 0.87962566103423978; // of the standard normal, cut at -2 and 2
  const auto [share, count] = variance_of(kind, parameter);
  if (kind == lecun_uniform || kind == glorot_uniform || kind == he_uniform)
    fill_uniform(out, static_cast<float>(std::sqrt(3 * share / count)), seed, random_stream::initial_weights,
                 tensor);
  else if (kind == kaiming_normal_fan_out)
    fill_normal(out, std::sqrt(share / count), tensor, seed);
  else
    fill_truncated_normal(out, std::sqrt(share / count) / deviation_left, tensor, seed);
}

void fill(std::span<float> out, const parameter_info &parameter, const initialiser &how, std::uint32_t tensor,
          std::uint64_t seed) {
  switch (how.kind) {
  case zeros:
    std::ranges::fill(out, 0.F);
    return;
  case constant:
    std::ranges::fill(out, static_cast<float>(how.value));
    return;
  case normal:
    return fill_normal(out, how.value, tensor, seed);
  case truncated_normal:
    return fill_truncated_normal(out, how.value, tensor, seed);
  case uniform:
    return fill_uniform(out, static_cast<float>(how.value), seed, random_stream::initial_weights, tensor);
  case orthogonal:
    return fill_orthogonal(out, how.value, static_cast<std::size_t>(parameter.extents[0]), tensor, seed);
  default:
    return fill_by_fans(out, parameter, how.kind, tensor, seed);
  }
}

// A batch norm begins as the identity.
initialiser initialiser_of(const parameter_info &parameter, const initialisation &how) {
  using enum parameter_role;
  switch (parameter.role) {
  case weights:
    return parameter.rank == 4 ? how.convolution : how.fully_connected;
  case bias:
    return how.bias;
  case scale:
  case running_variance:
    return {constant, 1};
  case shift:
  case running_mean:
    break;
  }
  return {zeros};
}

std::string subject(const parameter_info &parameter) {
  return std::string(parameter.name.view()) + " " + std::string(parameter.suffix());
}

} // namespace

std::string known_initialisers() {
  std::string known;
  for (const kind_info &one : kinds)
    known += (known.empty() ? "" : ", ") + usage(one);
  return known;
}

initialiser parse_initialiser(std::string_view text) {
  const std::string quoted = detail::in_quotes(text);
  const std::size_t open = text.find('(');
  const bool has_value = open != std::string_view::npos;
  const auto info = std::ranges::find(kinds, text.substr(0, open), &kind_info::name);
  if (info == kinds.end()) fail(quoted, "one of " + known_initialisers());
  if (has_value ? info->takes == takes_value::no || !text.ends_with(')') : info->takes == takes_value::yes)
    fail(quoted, usage(*info));
  initialiser how{info->kind};
  if (has_value) how.value = number_of(text.substr(open + 1, text.size() - open - 2));
  if (!in_range(how))
    fail(quoted, usage(*info) + " with " + range_text(how.kind) + " for " + std::string(info->value_name));
  return how;
}

std::string text_of(const initialiser &how) {
  const kind_info &info = info_of(how.kind);
  return std::string(info.name) +
         (info.takes == takes_value::no ? "" : "(" + detail::number_text(how.value) + ")");
}

void initialise(std::span<float> out, const parameter_info &parameter, const initialisation &how,
                std::uint32_t tensor, std::uint64_t seed) {
  const initialiser one = initialiser_of(parameter, how);
  if (parameter.size() < 1 || out.size() != static_cast<std::size_t>(parameter.size()))
    fail(std::to_string(out.size()) + " elements for " + subject(parameter),
         std::to_string(parameter.size()));
  if (!in_range(one)) fail(text_of(one) + " for " + subject(parameter), range_text(one.kind));
  if (parameter.role != parameter_role::weights && (is_weighted_by_fans(one.kind) || one.kind == orthogonal))
    fail(text_of(one) + " for " + subject(parameter),
         "one that needs no inputs and outputs: zeros, constant, normal, truncated_normal or uniform");
  try {
    fill(out, parameter, one, tensor, seed);
  } catch (const std::bad_alloc &) {
    throw error(error_code::out_of_memory, "there is not enough memory to make " + subject(parameter) +
                                               " of " + std::to_string(parameter.size()) +
                                               " elements orthogonal");
  }
}

} // namespace vggen
