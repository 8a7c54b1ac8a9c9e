/* What custom operators refuse, and those of sound and text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/refusals.h"

static void sound(void **state) {
  (void)state;
  REFUSE({"AudioSpectrogram", "f32 2x2x2 > f32", "window_size=4 stride=2 magnitude_squared=1", "it must have 2"},
         {"Mfcc", "f32 1x2x2, i32 > f32", "upper_frequency_limit=-1", "upper_frequency_limit"},
         {"Mfcc", "f32 1x2x2, i32 > f32", "lower_frequency_limit=-1", "lower_frequency_limit"},
         {"Mfcc", "f32 1x2x2, i32 > f32", "dct_coefficient_count=-1", "dct_coefficient_count"},
         {"Mfcc", "f32 1x2x2, i32 > f32", "filterbank_channel_count=-1", "filterbank_channel_count"},
         {"Mfcc", "f32 1x2x2, i32 > f32", "dct_coefficient_count=50", "only 40 channels in the filter bank"},
         {"Mfcc", "f32 1x2x1, i32 > f32", NULL, "a spectrogram of 1 bins is too short"},
         {"Mfcc", "f32 1x2, i32 > f32", NULL, "it must have 3: channels, frames, bins"},
         {"Mfcc", "f32 1x2x2, i32 2 > f32", NULL, "the sample rate must be one number"},
         {"Mfcc", "f32 1x2x2, i32 ~ -1 > f32", NULL, "the sample rate is -1 Hz"},
         {"SKIP_GRAM", "str > str", NULL, "ngram_size is 0"});
}

static void signals(void **state) {
  (void)state;
#define SUBTRACTION(...) {"SignalFilterBankSpectralSubtraction", "u32 2 > u32, u32", __VA_ARGS__}
#define SMOOTH "num_channels=2 smoothing=1 alternate_smoothing=1 one_minus_smoothing=1 alternate_one_minus_smoothing=1 "
  REFUSE(
      {"SignalFilterBank", "u32 2, i16 5, i16 5, i16 1, i16 2, i16 2 > u64", "num_channels=1", "one before the first"},
      {"SignalFilterBank", "u32 2, i16 2, i16 2, i16 2, i16 2, i16 2 > u64", "num_channels=-1", "num_channels"},
      {"SignalFilterBank", "u32 2, i16 1, i16 1, i16 1, i16 2, i16 2 > u64", "num_channels=1", "1 channels need 2"},
      SUBTRACTION("num_channels=-1", "'num_channels'"), SUBTRACTION("num_channels=2 smoothing=[1]", "'smoothing'"),
      SUBTRACTION("num_channels=2 smoothing=1 alternate_smoothing=[1]", "'alternate_smoothing'"),
      SUBTRACTION("num_channels=2 smoothing=1 alternate_smoothing=1 one_minus_smoothing=[1]", "'one_minus_smoothing'"),
      SUBTRACTION("num_channels=2 smoothing=1 alternate_smoothing=1 one_minus_smoothing=1",
                  "'alternate_one_minus_smoothing'"),
      SUBTRACTION(SMOOTH "smoothing_bits=99", "'smoothing_bits'"),
      SUBTRACTION(SMOOTH "smoothing_bits=3 spectral_subtraction_bits=99", "'spectral_subtraction_bits'"),
      SUBTRACTION(SMOOTH "smoothing_bits=3 spectral_subtraction_bits=3", "'min_signal_remaining'"),
      SUBTRACTION(SMOOTH "smoothing_bits=3 spectral_subtraction_bits=3 min_signal_remaining=1 clamping='x'",
                  "the option 'clamping' is no bool"),
      {"SignalFilterBankSpectralSubtraction", "u32 3 > u32, u32",
       SMOOTH "smoothing_bits=3 spectral_subtraction_bits=3 min_signal_remaining=1 clamping=1", "has 3 channels"},
      {"SignalPCAN", "u32 2, u32 2x1, i16 999 > u32", "snr_shift=1", "input 1"},
      {"SignalPCAN", "u32 2, u32 2, i16 9x9 > u32", "snr_shift=1", "input 2"},
      {"SignalPCAN", "u32 2, u32 2, i16 3 > u32", "snr_shift=1", "the table of gains has 3 entries"},
      {"SignalFilterBankLog", "u32 2 > i16", "input_correction_bits=99", "input_correction_bits"},
      {"SignalStacker", "i16 2 > i16, bool", "num_channels=0", "'num_channels'"},
      {"SignalStacker", "i16 2 > i16, bool", "num_channels=2 stacker_left_context=-1", "'stacker_left_context'"},
      {"SignalStacker", "i16 2 > i16, bool", "num_channels=2 stacker_left_context=1 stacker_right_context=-1",
       "'stacker_right_context'"},
      {"SignalStacker", "i16 3 > i16, bool",
       "num_channels=2 stacker_left_context=1 stacker_right_context=1 stacker_step=1", "the input has 3 channels"},
      {"SignalStacker", "i16 536870912 > i16, bool",
       "num_channels=536870912 stacker_left_context=536870912 stacker_right_context=536870912 stacker_step=1",
       "must lie in [0, 2147483647]"});
}

static void pictures(void **state) {
  (void)state;
#define DETECTION "TFLite_Detection_PostProcess"
#define BOXES "f32 1x2x4, f32 1x2x3, f32 2x4 > f32, f32, f32, f32"
#define SCALES " y_scale=1 x_scale=1 h_scale=1 w_scale=1"
#define MOST "max_detections=3 max_classes_per_detection=1 "
#define GOOD MOST "num_classes=3 nms_score_threshold=0.5 nms_iou_threshold=0.5" SCALES
  REFUSE(
      {DETECTION, BOXES, "max_detections='x'", "max_detections"},
      {DETECTION, BOXES, "max_detections=3", "max_classes_per_detection"}, {DETECTION, BOXES, MOST, "num_classes"},
      {DETECTION, BOXES, MOST "detections_per_class='x'", "detections_per_class"},
      {DETECTION, BOXES, MOST "num_classes=3 nms_score_threshold='x'", "nms_score_threshold"},
      {DETECTION, BOXES, MOST "num_classes=3 nms_iou_threshold='x'", "nms_iou_threshold"},
      {DETECTION, BOXES, MOST "num_classes=3 nms_iou_threshold=0.5 y_scale='x'", "y_scale"},
      {DETECTION, BOXES, GOOD " use_regular_nms='x'", "use_regular_nms' is no bool"},
      {DETECTION, BOXES, GOOD " use_regular_nms=1 detections_per_class=0", "detections_per_class"},
      {DETECTION, "u8 1x2x4, f32 1x2x3, u8 2x4 > f32, f32, f32, f32", GOOD, "input 0 is uint8 without"},
      {DETECTION, "f32 1x2x3, f32 1x2x3, f32 2x4 > f32, f32, f32, f32", GOOD, "box encodings must have shape"},
      {DETECTION, "f32 1x2x4, f32 2x3, f32 2x4 > f32, f32, f32, f32", GOOD, "class predictions must have shape"},
      {DETECTION, "f32 1x2x4, f32 1x2x3, f32 2x5 > f32, f32, f32, f32", GOOD, "anchors must have shape [n, 4]"},
      {DETECTION, "f32 1x2x4, f32 1x3x3, f32 4x4 > f32, f32, f32, f32", GOOD, "there are 2 boxes, scores for 3"},
      {DETECTION, "f32 1x2x4, f32 1x2x3 ~ 1, f32 2x4 ~ -1 > f32, f32, f32, f32", GOOD, "corners in the wrong order"},
      {DETECTION, "f32 1x2x4, f32 1x2x3 ~ 1, f32 2x4 ~ 1 > f32, f32, f32, f32", GOOD, "the run was cancelled"},
      {DETECTION, "f32 1x2x4, f32 1x2x3 ~ 1, f32 2x4 ~ 1 > f32, f32, f32, f32",
       GOOD " use_regular_nms=1 detections_per_class=1", "the run was cancelled"},
      {"aeq.hadamard_rotation", "f32 4 > f32", "other=1", "hadamard_size"},
      {"aeq.hadamard_rotation", "f32 > f32", "hadamard_size=4", "the input is a scalar"},
      {"aeq.hadamard_rotation", "f32 6 > f32", "hadamard_size=4", "does not"},
      {"Resampler", "f32 2x2x1, f32 1x2x2 > f32", NULL, "the images have 3 dimensions; they must have 4"},
      {"Resampler", "f32 1x2x2x1, f32 2 > f32", NULL, "the points have 1 dimensions; they must have 2 or more"},
      {"Resampler", "f32 1x2x2x1, f32 1x2x3 > f32", NULL, "points have 3 coordinates; they must have 2: x and y"},
      {"Resampler", "f32 1x2x2x1, f32 2x2 > f32", NULL, "there are 1 images, and points for 2"},
      {"DenseImageWarp", "f32 2x2x1, f32 1x2x2x2 > f32", NULL, "input 0 has 3 dimensions; it must have 4"},
      {"DenseImageWarp", "f32 1x2x2x1, f32 1x3x2x2 > f32", NULL, "the flow must have the batch, height and width"},
      {"NumericVerify", "i8 2, f32 2 > f32", "tolerance=1", "input 0 is int8 without"},
      {"NumericVerify", "i8@1 2, f32 2 > f32", NULL, "the custom options are no FlexBuffer map"},
      {"NumericVerify", "i8@1 2, f32 3 > f32", "tolerance=1", "must have the same shape"},
      {"MaxUnpooling2D", "f32 1x2x2x1, i32 1x2x2x1 > f32", NULL, "the custom options have 0 bytes"},
      {"Convolution2DTransposeBias", "f32 1x2x2x1, f32 1x2x2x1, f32 1 > f32", NULL, "the custom options have 0 bytes"},
      {"MaxPool3D", "f32 1x2x2x2x1 > f32", "ksize=[1 1 1 1 1]", "strides"},
      {"PosenetDecoderOp", "f32 1x2x2x17, f32 1x2x2x34, f32 1x2x2x64 > f32, f32, f32, f32", "max_detections=1 stride=8",
       "'score_threshold', a number"},
      {"PosenetDecoderOp", "f32 1x2x2x17, f32 1x2x2x34, f32 1x2x2x64 > f32, f32, f32, f32",
       "max_detections=1 stride=8 score_threshold=1", "'nms_radius', a number"},
      {"Landmarks2TransformMatrix", "f32 1x4x3 > f32",
       "left_rotation_idx=0 right_rotation_idx=1 subset=[0 1 2 3] output_hw=[2 2] input_hw=[2 2] dimensions=3 "
       "landmarks_range=1",
       "bbox_size_multiplier"});
}

#define POSES "f32 1x2x2x17 ~ 9, f32 1x2x2x34, f32 1x2x2x64 > f32, f32, f32, f32"
#define POOL "padding='SAME' ksize=[1 1 1 1 1]"

static void more_pictures(void **state) {
  (void)state;
  const char *const points =
      "left_rotation_idx=0 right_rotation_idx=1 subset_idxs=[0 1 2 3] output_height=2 output_width=2";
  REFUSE(
      {DETECTION, BOXES, "max_detections=3 max_classes_per_detection='x'", "max_classes_per_detection"},
      {DETECTION, BOXES, MOST "num_classes='x'", "num_classes"},

      {"PosenetDecoderOp", POSES, "max_detections=1 stride=8 score_threshold=0.1 nms_radius=1",
       "the run was cancelled"},
      {"Landmarks2TransformMatrix@2", "f32 1x4x3 > f32", points, "'scale_x'"},
      {"Landmarks2TransformMatrix@2", "f32 1x4x3 > f32",
       "left_rotation_idx=0 right_rotation_idx=1 subset_idxs=[0 1 2 3] output_height=2 output_width=2 scale_x=1",
       "'scale_y'"},
      {"MaxPool3D", "f32 1x2x2x2x1 > f32", POOL " strides=[1 1 1 1 1] data_format='x'", "must be 'NDHWC'"},
      {"MaxPoolWithArgmax", "f32 1x2x2x1 > f32, i32", "ksize=[1]", "ksize"},
      {"MaxUnpooling2D", "f32 1x2x2x1, i32 1x2x3x1 > f32", "#1 2 2 2 2", "must have the same shape"},
      {"MaxUnpooling2D", "f32 2x2x1, i32 2x2x1 > f32", "#1 2 2 2 2", "the input must have 4 dimensions"},
      {"MaxUnpooling2D", "f32 1x2000000000x1x1, i32 1x2000000000x1x1 > f32", "#1 2 2 2 2", "would be 4000000000 high"},
      {"Convolution2DTransposeBias", "f32 1x2x2x1, f32 1x2x2x1, f32 1 > f32", "#9 1 1", "padding 9 is neither SAME"},
      {"Convolution2DTransposeBias", "f32 1x2000000000x2x1, f32 1x2x2x1, f32 1 > f32", "#1 2 2", "high or wide"},
      {"RandomUniformInt", "i32 1 = 1, i32 2, i32 > i32", NULL, "input 1 must be one number"},
      {"Multinomial", "f32 1x0, i32 = 1 > i32", NULL, "there are no classes to choose from"});
}

static void words(void **state) {
  (void)state;
  REFUSE({"tftext:WhitespaceTokenizer", "str 2x2 = a > str, i64", NULL, "equally many"},
         {"CTCBeamSearchDecoder", "f32 2x1x3, i32 1x1 = 2 > i32, i32, i32, f32",
          "beam_width=1 top_paths=1 merge_repeated=1", "the lengths of the sequences must be a list"},
         {"CTCBeamSearchDecoder", "f32 2x1x3, i32 1 = 2 > i32, i32, i32, f32",
          "beam_width=1 top_paths=1 merge_repeated='x'", "the option 'merge_repeated' is no bool"},
         {"CTCBeamSearchDecoder", "f32 2x1x3, i32 1 = 2 > i32, i32, i32, f32",
          "beam_width='x' top_paths=1 merge_repeated=1", "the option 'beam_width' is no whole number"},
         {"HASHTABLE_FIND", "res 2, i64 1, str = a > str", NULL, "the handle must be one element"},
         {"HASHTABLE_FIND", "res, i64 1, str 2 = a > str", NULL, "the default must be one element"},
         {"HASHTABLE_IMPORT", "res 2, i64 1, str 1 = a >", NULL, "the handle must be one element"},
         {"HASHTABLE_IMPORT", "res, i64 1, str 2 = a >", NULL, "keys and values differ in shape"},
         {"HASHTABLE_SIZE", "res 2 > i64", NULL, "the handle must be one element"},
         {"READ_VARIABLE", "res 2 > f32", NULL, "the handle must be one element"},
         {"ASSIGN_VARIABLE", "res 2, f32 >", NULL, "the handle must be one element"},
         {"CTCBeamSearchDecoder", "f32 2x1x3, i32 1 ~ 2 > i32, i32, i32, f32",
          "beam_width=1 top_paths=1 merge_repeated=1", "the run was cancelled"},
         {"tftext:WhitespaceTokenizer", "str 1x1x1x1x1x1x1x1 ~ a > str", NULL, "the input has 8 dimensions"},
         {"tftext:WhitespaceTokenizer", "str 2 ~ a ! > str", NULL, "string 1"},
         {"EQUAL", "str 2 ~ ?, str 2 ~ a > bool", NULL, "holds 0 strings"},
         {"EQUAL", "str 2 ~ a, str 2 ~ a > bool", NULL, NULL});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound),         cmocka_unit_test(signals), cmocka_unit_test(pictures),
      cmocka_unit_test(more_pictures), cmocka_unit_test(words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
