#include "tools/trainer/chosen_normalisation.hpp"

#include <vggen/io/error.hpp>

#include <array>
#include <cstddef>
#include <cstdio>

namespace vggen {

namespace {

std::string number(float v) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", double{v});
  return text.data();
}

std::string numbers(const std::array<float, 3> &values, int channels) {
  std::string text;
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c)
    text += " " + number(values[c]);
  return text;
}

preprocessing parsed(const std::filesystem::path &file, const std::string &said) {
  try {
    return parse_preprocessing(said);
  } catch (const error &problem) {
    throw error(problem.code(), file.string() + ": how its pictures are normalised: " + problem.what() +
                                    " (--normalise chooses)");
  }
}

} // namespace

chosen_normalisation choose_normalisation(const std::string &option, const std::filesystem::path &file,
                                          const std::optional<std::string> &said) {
  const std::string silent = file.string() + " does not say what its images were normalised by";
  if (option.empty()) {
    if (said) return {.how = parsed(file, *said), .why = "as " + file.string() + " says"};
    chosen_normalisation by_data;
    if (!file.empty()) by_data.why += "; " + silent;
    return by_data;
  }
  chosen_normalisation chosen{.how = {}, .why = "--normalise"};
  if (option == "data")
    chosen.why += " data";
  else
    chosen.how = find_preprocessing(option);
  if (said && *said != option)
    chosen.why += "; " + file.string() + " says " + *said;
  else if (!said && !file.empty())
    chosen.why += "; " + silent;
  return chosen;
}

std::string description(const preprocessing &how, int channels) {
  if (!how.name.empty()) return how.name;
  std::string text = "mean" + numbers(how.mean, channels) + ", deviation" + numbers(how.deviation, channels);
  if (how.divisor != 255) text += ", of values divided by " + number(how.divisor);
  if (how.reverse_channels) text += ", blue before red";
  return text;
}

} // namespace vggen
