// Command peers measures this library's pure-Go backend beside PyTorch and ONNX Runtime on the same processor, in turns,
// and prints the table of BENCHMARKS.md.
//
//	go run ./scripts/peers [-python FILE] [-rounds N] [-seconds S] [-widths 8,16,64] [-only train|predict]
//
// Without -python it makes a virtual environment in the user's cache folder, with torch, onnxruntime and numpy from
// PyPI. Every measurement is a process of its own. Training is a whole step, on batches of 128, and of airbench94 on the recipe's
// 2,000 too: ours with the loading and augmenting of the batch, PyTorch's without, in the better of its two memory layouts.
// Prediction is the same trained model, as our file and as ONNX.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/scripts/internal/programs"
)

func main() {
	log.SetFlags(0)
	python := flag.String("python", "", "Python with torch, onnxruntime and numpy")
	rounds := flag.Int("rounds", 5, "measurements of each")
	seconds := flag.Float64("seconds", 4, "seconds of a measurement")
	widths := flag.String("widths", "8,16,64", "widths of resnet9; \"\" for airbench94 alone")
	only := flag.String("only", "", "train or predict; default both")
	flag.Parse()
	var err error
	switch flag.Arg(0) {
	case "train":
		err = train(flag.Args()[1:])
	case "predict":
		err = predict(flag.Args()[1:])
	case "":
		if err = check(*rounds, *only); err == nil {
			err = compare(*python, *rounds, *seconds, strings.Split(*widths, ","), *only)
		}
	default:
		err = fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if err != nil {
		log.Fatal(err)
	}
}

// check reports the flags that make no table.
func check(rounds int, only string) error {
	var problems []error
	if rounds < 1 {
		problems = append(problems, fmt.Errorf("-rounds %d: need at least 1", rounds))
	}
	if only != "" && only != "train" && only != "predict" {
		problems = append(problems, fmt.Errorf("-only %s: need train or predict", only))
	}
	return errors.Join(problems...)
}

// contest is a measurement of ours and of another library's.
type contest struct {
	name, unit string
	// less says that less is better.
	less         bool
	ours, theirs []string
}

func compare(python string, rounds int, seconds float64, widths []string, only string) error {
	folder, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if python == "" {
		if python, err = install(); err != nil {
			return err
		}
	}
	dtypes, err := dtypes(python)
	if err != nil {
		return err
	}
	contests, err := contests(folder, seconds, widths, dtypes, only)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	const script = "scripts/peers/peers.py"
	versions, err := programs.Output(nil, python, "-c", "import torch, onnxruntime; print('torch', torch.__version__ + ', onnxruntime', onnxruntime.__version__ + ',', torch.get_num_threads(), 'threads')")
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s/%s, %d processors; %s; %d rounds of %g s\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), versions, rounds, seconds)
	fmt.Println("| work | unit | ours: least, median, most | theirs: least, median, most | ours is faster by: least, median, most |")
	fmt.Println("| --- | --- | --- | --- | --- |")
	for _, c := range contests {
		var ours, theirs, ratios []float64
		for range rounds {
			a, err := figure(self, c.ours...)
			if err != nil {
				return err
			}
			b, err := figure(python, append([]string{script}, c.theirs...)...)
			if err != nil {
				return err
			}
			ratio := a / b
			if c.less {
				ratio = b / a
			}
			ours, theirs, ratios = append(ours, a), append(theirs, b), append(ratios, ratio)
		}
		fmt.Printf("| %s | %s | %s | %s | %s |\n", c.name, c.unit, spread(ours), spread(theirs), spread(ratios))
	}
	return nil
}

// contests lists what is measured, and writes the models for it.
func contests(folder string, seconds float64, widths, dtypes []string, only string) ([]contest, error) {
	var all []contest
	time := fmt.Sprint(seconds)
	type network struct {
		name, width string
		batches     []string
	}
	var networks []network
	for _, w := range widths {
		if w == "" {
			continue
		}
		networks = append(networks, network{"resnet9", w, []string{"128"}})
	}
	networks = append(networks, network{"airbench94", "64", []string{"2000", "128"}}) // the first is the recipe's
	for _, n := range networks {
		name := fmt.Sprintf("%s, width %s", n.name, n.width)
		if only != "predict" {
			for _, batch := range n.batches {
				for _, how := range dtypes {
					dtype, mode, _ := strings.Cut(how, " ")
					all = append(all, contest{name: fmt.Sprintf("training, %s, batch %s, PyTorch %s", name, batch, how), unit: "images/s",
						ours:   []string{"train", n.name, n.width, batch, time},
						theirs: []string{"train", n.name, n.width, batch, dtype, mode, time}})
				}
			}
		}
		if only != "train" {
			file := filepath.Join(folder, n.name+n.width)
			if err := write(file, n.name, n.width); err != nil {
				return nil, err
			}
			for _, images := range []string{"1", "16", "128"} {
				all = append(all, contest{name: "predicting " + images + ", " + name + ", ONNX Runtime", unit: "ms", less: true,
					ours: []string{"predict", file, images, time}, theirs: []string{"predict", file + ".onnx", images, time}})
			}
		}
	}
	return all, nil
}

// dtypes are the ways of PyTorch that are worth waiting for: in bfloat16 it is hundreds of times slower where the
// processor has no instructions for it.
func dtypes(python string) ([]string, error) {
	all := []string{"float32 eager", "float32 compile"}
	fast, err := programs.Output(nil, python, "-c", "import torch; print(torch.ops.mkldnn._is_mkldnn_bf16_supported())")
	if fast == "True" {
		all = append(all, "bfloat16 eager", "bfloat16 compile")
	}
	return all, err
}

// spread is the least, the median and the most.
func spread(values []float64) string {
	values = slices.Sorted(slices.Values(values))
	var texts []string
	for _, v := range []float64{values[0], values[len(values)/2], values[len(values)-1]} {
		texts = append(texts, strconv.FormatFloat(v, 'g', 3+len(strconv.Itoa(int(v)))/4, 64))
	}
	return strings.Join(texts, ", ")
}

// install is the Python of a virtual environment with the other libraries.
func install() (string, error) {
	system := "python3"
	if runtime.GOOS == "windows" {
		system = "python"
	}
	return programs.Python("peers", func() (string, error) { return system, nil }, "torch", "onnxruntime", "numpy")
}

// figure is the number that a program prints last.
func figure(program string, arguments ...string) (float64, error) {
	text, err := programs.Output(nil, program, arguments...)
	if err != nil {
		return 0, err
	}
	lines := strings.Fields(text)
	if len(lines) == 0 {
		return 0, fmt.Errorf("%s %s printed nothing", program, strings.Join(arguments, " "))
	}
	return strconv.ParseFloat(lines[len(lines)-1], 64)
}

// options are those of a recipe's network.
func options(network, width string) ([]fastresnet.Option, error) {
	name := map[string]string{"resnet9": "resnet9-24", "airbench94": "airbench94-muon"}[network]
	recipe, err := fastresnet.RecipeByName(name)
	if err != nil {
		return nil, err
	}
	channels, err := strconv.Atoi(width)
	if err != nil {
		return nil, err
	}
	return []fastresnet.Option{fastresnet.WithRecipe(recipe), fastresnet.WithWidth(channels), fastresnet.WithBackend("go")}, nil
}

// train prints the images a second of NETWORK WIDTH BATCH SECONDS.
func train(arguments []string) error {
	opts, err := options(arguments[0], arguments[1])
	if err != nil {
		return err
	}
	batch, err := strconv.Atoi(arguments[2])
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseFloat(arguments[3], 64)
	if err != nil {
		return err
	}
	set, err := data.Synthetic(max(10_000, 4*batch), 1)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const warmUp = 2
	steps, start, elapsed := 0, time.Time{}, time.Duration(0)
	_, err = fastresnet.Train(ctx, append(opts, fastresnet.WithDataset(set, nil), fastresnet.WithBatchSize(batch), fastresnet.WithEpochs(1000),
		fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) {
			steps++
			if steps == warmUp {
				start = time.Now()
			}
			if elapsed = time.Since(start); steps > warmUp && elapsed.Seconds() > seconds {
				cancel()
			}
		}}))...)
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the run was not canceled: %w", err)
	}
	fmt.Println(float64((steps-warmUp)*batch) / elapsed.Seconds())
	return nil
}

// write writes a model that has trained for a moment, as our file and as ONNX.
func write(file, network, width string) error {
	opts, err := options(network, width)
	if err != nil {
		return err
	}
	set, err := data.Synthetic(128, 1)
	if err != nil {
		return err
	}
	result, err := fastresnet.Train(context.Background(), append(opts, fastresnet.WithDataset(set, nil), fastresnet.WithBatchSize(128),
		fastresnet.WithEpochs(1), fastresnet.WithTestViews(fastresnet.OneView))...)
	if err != nil {
		return err
	}
	defer result.Model.Close()
	onnx, err := os.Create(file + ".onnx")
	if err != nil {
		return err
	}
	return errors.Join(result.Model.ExportONNX(onnx), onnx.Close(), result.Model.Save(file))
}

// predict prints the milliseconds that FILE IMAGES SECONDS takes for a call, the median.
func predict(arguments []string) error {
	model, err := fastresnet.Load(arguments[0], fastresnet.WithBackend("go"))
	if err != nil {
		return err
	}
	defer model.Close()
	n, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseFloat(arguments[2], 64)
	if err != nil {
		return err
	}
	set, err := data.Synthetic(n, 1)
	if err != nil {
		return err
	}
	var images []image.Image
	for i := range n {
		images = append(images, set.Image(i))
	}
	var times []float64
	for warmUp, start := 3, time.Now(); warmUp > 0 || len(times) == 0 || time.Since(start).Seconds() < seconds; warmUp-- {
		before := time.Now()
		if _, err := model.Predict(context.Background(), images...); err != nil {
			return err
		}
		if warmUp <= 0 {
			times = append(times, float64(time.Since(before).Nanoseconds())/1e6)
		}
	}
	fmt.Println(slices.Sorted(slices.Values(times))[len(times)/2])
	return nil
}
