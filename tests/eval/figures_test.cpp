// What reports draw: bars, spectra, galleries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>
#include <t2ue/core/rng.hpp>
#include <t2ue/eval/noise_spectrum.hpp>
#include <t2ue/report/bar_chart.hpp>
#include <t2ue/report/report.hpp>

#include <errors.hpp>

namespace {

using namespace t2ue;
using testing::HasSubstr;
using testing_errors::expect_error;

TEST(BarChart, BarsAndWhiskersAreWhereTheirValuesAre) {
  const BarChart chart{"t", "top-1", {{"a", "", 50, Interval{25, 75}}, {"b", "eps 8", 100, {}}}, 10.0, "n"};
  const std::string html = bar_chart_html(chart, {"a", "b"});
  // 0..100 lies at 168..430, bars at lines of 22 from 8 on.
  EXPECT_THAT(html, HasSubstr("<rect x=\"168.0\" y=\"13.0\" width=\"131.0\" height=\"12.0\"/>"));
  EXPECT_THAT(html, HasSubstr("<line class=\"whisker\" x1=\"233.5\" y1=\"19.0\" x2=\"364.5\" y2=\"19.0\"/>"));
  EXPECT_THAT(html, HasSubstr("<rect x=\"168.0\" y=\"35.0\" width=\"262.0\" height=\"12.0\"/>"));
  EXPECT_THAT(html, HasSubstr("<line class=\"chance\" x1=\"194.2\""));
  EXPECT_THAT(html, HasSubstr("<title>b, eps 8</title>"));
}

TEST(BarChart, RefusesWhatItCannotDraw) {
  expect_error([] { bar_chart_html({"t", "x", {}, {}, {}}, {}); }, {"no bar"});
  expect_error([] { bar_chart_html({"t", "x", {{"a", "", -1, {}}}, {}, {}}, {"a"}); }, {"-1"});
  expect_error([] { bar_chart_html({"t", "x", {{"a", "", 1, {}}}, {}, {}}, {"b"}); }, {"no colour"});
  EXPECT_NO_THROW(bar_chart_html({"t", "x", {{"a", "", 0, {}}}, {}, {}}, {"a"})) << "all bars of length 0";
}

/// A wave of `cycles` a picture along x (or y), of amplitude 100, in the first channel.
std::vector<int8_t> wave(int size, int cycles, bool along_y) {
  std::vector<int8_t> noise;
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      const double phase = 2 * std::numbers::pi * cycles * (along_y ? y : x) / size;
      noise.push_back(static_cast<int8_t>(std::lround(100 * std::cos(phase))));
      noise.insert(noise.end(), 2, 0);
    }
  return noise;
}

TEST(NoiseSpectrum, WaveHasItsPowerAtItsFrequency) {
  for (const int size : {16, 15})  // powers of two are nothing special
    for (const bool along_y : {false, true}) {
      const std::vector<std::vector<int8_t>> noises{wave(size, 3, along_y)};
      const NoiseSpectrum spectrum = noise_spectrum(noises, size);
      const int middle = size / 2;
      double total = 0, squares = 0;
      for (const double p : spectrum.power) total += p;
      for (const int8_t v : noises[0]) squares += v * v;
      EXPECT_NEAR(total, squares / 3, 1e-6 * squares) << "Parseval";
      const auto at = [&](int v, int u) { return spectrum.power[static_cast<size_t>(v * size + u)]; };
      for (const int sign : {-1, 1})
        EXPECT_GT(along_y ? at(middle + 3 * sign, middle) : at(middle, middle + 3 * sign), 0.49 * total);
      const auto strongest = std::max_element(spectrum.rings.begin(), spectrum.rings.end());
      EXPECT_EQ(strongest - spectrum.rings.begin(), 3);
    }
}

TEST(NoiseSpectrum, RandomSignsAreWhite) {
  std::vector<std::vector<int8_t>> noises(16);
  Random random(1, Purpose::test);
  for (auto& noise : noises)
    for (int i = 0; i < 16 * 16 * 3; ++i) noise.push_back(random.bits() & 1 ? 8 : -8);
  // A ring of 4 or more frequencies and 48 planes: 192 exponential values, a deviation of 0.07.
  const NoiseSpectrum spectrum = noise_spectrum(noises, 16);
  for (size_t r = 1; r < spectrum.rings.size(); ++r) EXPECT_NEAR(spectrum.rings[r], 1, 0.3) << r;
}

TEST(NoiseSpectrum, RefusesNoNoiseAndAnotherSize) {
  expect_error([] { noise_spectrum({}, 8); }, {"0 noises"});
  const std::vector<std::vector<int8_t>> noises{std::vector<int8_t>(12)};
  expect_error([&] { noise_spectrum(noises, 3); }, {"12", "27"});
  EXPECT_EQ(noise_spectrum(noises, 2).rings[1], 0) << "of zeros: no power, and no division by it";
}

TEST(Report, GalleryRowsKeepTheirNames) {
  const std::vector<uint8_t> png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0};
  Report report;
  report.sections.resize(1);
  report.sections[0].bars = {{"t", "x", {{"a", "", 1, {}}}, {}, {}}};
  report.sections[0].galleries = {{"g", {{"row <1>", {{"cat", png}, {"spectrum", png}}}}, "note <2>"}};
  const std::string html = report_html(report);
  EXPECT_THAT(html, HasSubstr("alt=\"row &lt;1&gt;: cat\""));
  EXPECT_THAT(html, HasSubstr("note &lt;2&gt;"));
  report.sections[0].galleries[0].rows[0].pictures[0].png = {1, 2, 3};
  expect_error([&] { report_html(report); }, {"not a PNG"});
}

}  // namespace
