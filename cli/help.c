/* help.c: the table of commands. Help teaches by example; the man pages say it at length. */
#include "cli/cli.h"

#define COMMON_HELP                                                                                                    \
  "  --threads N           threads to use (default 1; -1: one a core)\n"                                               \
  "  --limit-memory SIZE   refuse to use more, e.g. 64M\n"                                                             \
  "  --json                print JSON\n"                                                                               \
  "  --quiet               print only what was asked for\n"

#define DATA_HELP                                                                                                      \
  "  --data PATH           samples: a folder or .tar of pictures, WAVs, .npy or .bin files; one .npy, .npz, idx or\n"  \
  "                        CSV file of all of them, also as .gz\n"                                                     \
  "  --mean, --std A[,B,C] pictures become (x - mean) / std (default: metadata, else 127.5)\n"                         \
  "  --crop                of pictures take the largest square in the middle\n"                                        \
  "  --raw TYPE[,SCALE[,ZERO]]  what .bin files hold, e.g. int8,0.5,-128\n"                                            \
  "  --label-column NAME   of a CSV: what is no input but the answer; a name or a number from 0\n"                     \
  "  --labels-from FILE    answers: CSV of names and labels, .npy, idx; or the word folders\n"                         \
  "  --shuffle SEED        take them in another order than by name\n"

const command commands[] = {
    {"info", cmd_info, "what a model is: inputs, outputs, operators, size, memory",
     "mote info MODEL [--json] [--plan]\n\n"
     "  mote info mobilenet.tflite\n"
     "  mote info mobilenet.tflite --plan          # step by step, what the compiler made of it\n"
     "  mote info mobilenet.tflite --json | jq .inputs\n\n"
     "Options:\n"
     "  --plan                list the steps that will run\n" COMMON_HELP},
    {"verify", cmd_verify, "check files against every rule of the format",
     "mote verify MODEL...\n\n"
     "  mote verify *.tflite\n\n"
     "Prints 'ok', or one line for each fault: rule, operator, tensor, what to do. Warnings do not change the exit\n"
     "status; --quiet hides them.\n\n"
     "Options:\n" COMMON_HELP},
    {"run", cmd_run, "run a model on files, write its outputs as .npy",
     "mote run MODEL [--input NAME=FILE]... [--output-dir DIR]\n\n"
     "  mote run model.tflite --input image=photo.npy --output-dir out\n"
     "  mote run model.tflite --input 0=photo.jpg              # by index; pictures and WAV go to fitting inputs\n"
     "  mote run model.tflite --random --seed 7                # random inputs\n"
     "  mote run int8.tflite --input x=real.npy --float        # real numbers in and out of a quantized model\n\n"
     "NAME is a signature's name, a tensor's name or an index. An array of another shape resizes the input. Outputs "
     "are\n"
     "written as output_<i>.npy to the current folder or to DIR.\n\n"
     "Options:\n"
     "  --input NAME=FILE     .npy, .raw, .wav, or a picture\n"
     "  --signature KEY       the entry point to run\n"
     "  --output-dir DIR      made when it does not exist\n"
     "  --random              fill all inputs with random numbers\n"
     "  --seed N              of these (default 0)\n"
     "  --float               convert between real numbers and quantized tensors\n" COMMON_HELP},
    {"classify", cmd_classify, "name what is in a picture",
     "mote classify MODEL IMAGE... [--labels FILE]\n\n"
     "  mote classify mobilenet.tflite cat.jpg dog.png\n"
     "  mote classify mobilenet.tflite cat.jpg --labels imagenet.txt --top 3\n"
     "  mote classify net.tflite cat.jpg --mean 123.68,116.78,103.94 --std 58.4,57.1,57.4\n\n"
     "Reads JPEG, PNG, BMP and PNM, turns them upright by EXIF, resizes the whole picture (or, with --crop, the square "
     "in\n"
     "its middle) and normalises by --mean/--std, by the model's metadata, or by what is usual for its input type.\n\n"
     "Options:\n"
     "  --labels FILE         names of classes, one a line (default: those in the model)\n"
     "  --top K               answers to show (default 5)\n"
     "  --mean M, --std S     (x - M) / S, x in 0..255; one number or one a channel\n"
     "  --crop                take the largest square in the middle\n" COMMON_HELP},
    {"bench", cmd_bench, "measure a model: start, runs, memory, operators",
     "mote bench MODEL [--threads N] [--runs N] [--per-op]\n\n"
     "  mote bench mobilenet.tflite\n"
     "  mote bench mobilenet.tflite --threads 2 --per-op\n"
     "  mote bench mobilenet.tflite --json                     # one line, for scripts\n\n"
     "Options:\n"
     "  --runs N              runs to time (default 50)\n"
     "  --per-op              time each operator\n" COMMON_HELP},
    {"convert", cmd_convert, "make a .tflite of another kind of model, or a better one of a .tflite",
     "mote convert SOURCE -o OUT [OPTION]...\n\n"
     "  mote convert model.h5 -o model.tflite                  # Keras: .h5, .hdf5, .keras\n"
     "  mote convert saved_model/ -o model.tflite              # TensorFlow: a SavedModel,\n"
     "  mote convert frozen.pb -o model.tflite                 # or a graph with its variables frozen\n"
     "  mote convert model.tflite -o better.tflite             # fewer operators, the same numbers\n"
     "  mote convert model.tflite -o old.tflite --for-runtime 2.5\n"
     "  mote convert model.tflite -o told.tflite --labels names.txt --mean 127.5 --std 127.5\n"
     "  mote convert model.tflite -o model.json                # as text; and back:\n"
     "  mote convert model.json -o model.tflite\n"
     "  mote convert model.tflite -o model.c                   # a C array, and model.h\n\n"
     "The kind of SOURCE follows from its contents, that of OUT from its ending. Names and order of inputs and "
     "outputs\n"
     "stay, and so do signatures and metadata.\n\n"
     "Options:\n"
     "  -o, --output OUT      what to write; nothing is written when something fails\n"
     "  --input-shape SHAPE   of an input: 1x28x28x1, or NAME=1x28x28x1; ? leaves a dimension open\n"
     "  --batch N             in place of an open first dimension of the inputs\n"
     "  --signature KEY       which signature of a SavedModel (default serving_default, else the first)\n"
     "  --inputs, --outputs A,B,...   tensors of a TensorFlow graph to begin at and to end with\n"
     "  --for-runtime VERSION the oldest TensorFlow Lite that has to run it, e.g. 2.5\n"
     "  --allow-custom        operators of TensorFlow that .tflite lacks become custom ones of the same name\n"
     "  --float16             store weights as float16: half the size, computed in float32 all the same\n"
     "  --html FILE           draw the result as a page too, as mote view does\n"
     "  --labels FILE         names of classes, one a line, packed into the file: mote classify finds them there\n"
     "  --mean M, --std S     say in the file that pictures are normalised by (x - M) / S; a number or one a channel\n"
     "  --no-rewrites         take the network as it is\n"
     "  --without 'NAMES'     leave out these rewrites (their names are in the summary)\n"
     "  --check FILE          .npz with in_0, ... and out_0, ...: run the result, compare within 1e-4 of an output's\n"
     "                        range; or in_0.npy, with the others beside it\n"
     "  --layers              list the layers of Keras and operators of TensorFlow that are known\n" COMMON_HELP},
    {"prune", cmd_prune, "take out the weights or channels that matter least",
     "mote prune MODEL -o OUT --sparsity SHARE|--size SIZE|--macs N [OPTION]...\n\n"
     "  mote prune model.tflite -o small.tflite --sparsity 0.6 --data pictures/   # costs far less accuracy\n"
     "  mote prune model.tflite -o small.tflite --sparsity 0.5      # half of the weights become zero: it zips well\n"
     "  mote prune model.tflite -o small.tflite --sparsity 0.8 --encode    # and is stored without the zeros\n"
     "  mote prune model.tflite -o fast.tflite --pattern channels --macs 20M   # a narrower network: it is faster\n\n"
     "Sizes of the file, as it is and zipped, are printed.\n\n"
     "Options:\n"
     "  -o, --output OUT      what to write; nothing is written when something fails\n"
     "  --sparsity SHARE      of the weights that goes, e.g. 0.7\n"
     "  --size SIZE           most that the file may take, e.g. 500k (with --encode, or whole channels)\n"
     "  --macs N              most multiply-adds of a run, those with zeros left out, e.g. 20M\n"
     "  --pattern WHAT        weights (default), 1x4, 1x16 (blocks), 2:4 (half of each four), channels (whole ones)\n"
     "  --encode              store sparse weights as sparse tensors where that is smaller\n"
     "  --uniform             the same share of every layer\n"
     "  --no-repair           leave the weights that stay as they are\n" DATA_HELP
     "  --keep A,B,...        operators that stay as they are: their names, or those of their outputs\n"
     "  --smallest N          weights of fewer elements stay as they are (default 64; channels: all count)\n"
     "  --multiple N          layers keep a multiple of N channels (default 8, fewer in narrow ones; 1: any number)\n"
     "  --no-rewrites         take the network as it is\n"
     "  --layers              print each layer\n" COMMON_HELP},
    {"cluster", cmd_cluster, "let the weights of each layer share a few values, so that the file packs well",
     "mote cluster MODEL -o OUT --clusters N [OPTION]...\n\n"
     "  mote cluster model.tflite -o small.tflite --clusters 16 --data pictures/    # costs far less accuracy\n"
     "  mote cluster model.tflite -o small.tflite --clusters 32\n"
     "  mote cluster pruned.tflite -o small.tflite --clusters 16     # after mote prune: zeros stay zeros\n\n"
     "The file is as large as before and packs better; both sizes are printed.\n\n"
     "Options:\n"
     "  -o, --output OUT      what to write; nothing is written when something fails\n"
     "  --clusters N          values that the weights of a layer may have\n"
     "  --start HOW           where the search for them begins: linear, density, random, or best of all (default)\n"
     "  --seed N              of what is drawn by chance; the same seed gives the same file\n" DATA_HELP
     "  --keep A,B,...        operators that stay as they are: their names, or those of their outputs\n"
     "  --smallest N          weights of fewer elements stay as they are (default 64)\n"
     "  --no-rewrites         take the network as it is\n"
     "  --layers              print each layer\n" COMMON_HELP},
    {"quantize", cmd_quantize, "store weights, and compute, in small integers",
     "mote quantize MODEL -o OUT [--kind KIND] [OPTION]...\n\n"
     "  mote quantize model.tflite -o small.tflite --data pictures/        # int8: a quarter of the size, and faster\n"
     "  mote quantize model.tflite -o small.tflite --data pictures/ --max-drop 1%\n"
     "  mote quantize model.h5 -o small.tflite --kind dynamic              # int8 weights; no samples are needed\n"
     "  mote quantize model.tflite -o mcu.tflite --data samples.npy --io int8 --strict\n\n"
     "What it costs is told by samples that are held back, and layer by layer.\n\n"
     "Options:\n"
     "  -o, --output OUT      what to write; nothing is written when something fails\n"
     "  --kind KIND           int8 (weights and activations), int16x8 (activations of 16 bits), int4, int2 (weights of "
     "so\n"
     "                        many bits where operators take them), dynamic (int8 weights, activations float), "
     "float16\n"
     "                        (weights), or auto (default): int8 with --data, else dynamic\n"
     "  --io TYPE             of inputs and outputs: float (default), int8, uint8, int16\n"
     "  --calibration HOW     ranges of activations: min-max, moving-average, percentile, mse, entropy, or the best "
     "of\n"
     "                        all for each tensor (default)\n"
     "  --max-drop SHARE      most that may be lost in agreement with the float model, e.g. 1%; the layers that cost "
     "most\n"
     "                        stay float until this holds, else the exit status is 1\n"
     "  --weights-only        weights are stored as integers and widened before use\n"
     "  --strict              fail when an operator would stay float, naming all of them\n"
     "  --keep A,B,...        operators that stay float: their names, or those of their outputs\n"
     "  --smallest N          weights of fewer elements stay as they are (default 1; dynamic: 1024)\n"
     "  --no-bias-correction  leave the mean error of rounded weights in the outputs\n"
     "  --no-rewrites         take the network as it is\n"
     "  --layers              print each layer\n" DATA_HELP COMMON_HELP},
    {"view", cmd_view, "draw a model as a page for the browser",
     "mote view MODEL -o FILE.html\n\n"
     "  mote view mobilenet.tflite -o mobilenet.html\n"
     "  mote view model.h5 -o model.html                       # what mote convert would make of it\n\n"
     "The page is one file that fetches nothing. It shows every graph with shapes, options, quantization and how "
     "weights\n"
     "are spread; / searches, arrows and + - move, ? lists the keys.\n\n"
     "Options:\n"
     "  -o, --output FILE     the page to write\n" COMMON_HELP},
    {"compare", cmd_compare, "hold two models against each other: answers, layers, time, memory, size",
     "mote compare A B [--data PATH] [OPTION]...\n\n"
     "  mote compare model.tflite small.tflite --data pictures/\n"
     "  mote compare a.tflite b.tflite --data images.idx.gz --labels-from labels.idx.gz   # and how many are right\n"
     "  mote compare a.tflite b.tflite                         # on noise\n\n"
     "Values of layers are matched by name, else by order. Without --data inputs are noise, which says whether the\n"
     "models compute alike, and not how they do on what they are for.\n\n"
     "Options:\n" DATA_HELP "  --runs N              runs to time (default 20)\n"
     "  --seed N              of the noise (default 0)\n" COMMON_HELP},
    {"ops", cmd_ops, "list the operators of this build",
     "mote ops [--json] [--used-by MODEL...]\n\n"
     "  mote ops                                   # name, versions, accepted types\n"
     "  mote ops --used-by *.tflite                # only those that these models need\n\n"
     "Options:\n"
     "  --used-by MODEL       may be given several times; further files count too\n" COMMON_HELP},
    {"version", cmd_version, "version, instruction set, libraries built in or left out", "mote version [--json]\n"},
    {"completion", cmd_completion, "print completion for a shell",
     "mote completion bash\n\n"
     "  source <(mote completion bash)\n"},
    {0},
};
