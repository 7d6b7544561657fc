package xla

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/nvidia"
)

// seeLog is for errors whose reason is in XLA's log alone, which go-xla silences.
const seeLog = "with TF_CPP_MIN_LOG_LEVEL=0 in the environment XLA prints why"

// noCUDA is what XLA says where CUDA does not start, whatever the reason: "No visible GPU devices" as a rule.
var noCUDA = regexp.MustCompile(`(?i)no supported devices found|no visible GPU devices|CUDA_ERROR_NO_DEVICE|no CUDA-capable device|failed call to cuInit`)

// explanations are what the messages of XLA, CUDA and the loader of libraries mean, and what to do about
// them; the first that fits counts. $1 is what the message names.
var explanations = []struct {
	kind    error
	message *regexp.Regexp
	advice  string
}{
	{engine.ErrMemory, regexp.MustCompile(`(?i)out of memory|resource_?\s?exhausted|failed to allocate|OUT_OF_MEMORY|error \(code=8\)`),
		"out of device memory: take a smaller batch or width, or end the other programs that use the device (nvidia-smi lists them)"},

	{engine.ErrBackend, regexp.MustCompile(`(libcuda\.so[.\d]*): cannot open`),
		"NVIDIA's driver is not installed, or not visible here ($1): install it, or start the container with its GPUs (docker run --gpus all)"},
	{engine.ErrBackend, regexp.MustCompile(`(lib(?:cudart|cublas|cudnn|cufft|cupti|curand|cusolver|cusparse|nccl|nv)\w*\.so[.\d]*): cannot open`),
		"the CUDA library $1 was not found: delete the folder nvidia beside the plugin and download it again, or add the library's folder to LD_LIBRARY_PATH"},
	{engine.ErrBackend, regexp.MustCompile(`([^\s"]+): cannot open shared object file`),
		"the library $1 was not found: install it, or add its folder to LD_LIBRARY_PATH"},
	{engine.ErrBackend, regexp.MustCompile("version [`'](\\w+_[\\d.]+)' not found"),
		"this system is too old for the plugin, which needs $1: take a newer system, or a plugin that was built for this one"},
	{engine.ErrBackend, regexp.MustCompile(`invalid ELF header|file too short|wrong ELF class|failed to find symbol "GetPjrtApi"`),
		"the file is not a PJRT plugin for this machine, or not all of one: delete it and download it again"},

	{engine.ErrBackend, regexp.MustCompile(`(?i)driver version is insufficient|INSUFFICIENT_DRIVER|insufficient driver version|UNSUPPORTED_PTX_VERSION|forward compatibility was attempted`),
		"NVIDIA's driver is too old for the plugin: install a newer driver, or the plugin for an older CUDA"},
	{engine.ErrBackend, regexp.MustCompile(`(?i)SYSTEM_DRIVER_MISMATCH|driver/library version mismatch|unsupported display driver`),
		"NVIDIA's driver has been updated while it was running, and its parts no longer fit each other: restart the machine"},
	{engine.ErrBackend, noCUDA,
		"CUDA does not start, or finds no GPU: nvidia-smi must list one, with driver 580 or newer for CUDA 13; CUDA_VISIBLE_DEVICES must not hide it; " +
			"a container must be started with its GPUs (docker run --gpus all); several GPUs behind NVSwitch need the service nvidia-fabricmanager; " + seeLog},
	{engine.ErrBackend, regexp.MustCompile(`(?i)no kernel image is available|unsupported gpu architecture`),
		"the plugin does not support this GPU: take the plugin for another version of CUDA"},

	{engine.ErrBackend, regexp.MustCompile(`(?i)CuDNN library: ?([\d.]+) but source was compiled with`),
		"cuDNN $1 was found, which is older than the plugin needs: take its folder out of LD_LIBRARY_PATH"},
	{engine.ErrBackend, regexp.MustCompile(`(?i)DNN library initialization failed|no DNN (?:support )?for stream|could not create cudnn handle|CUDNN_STATUS_NOT_INITIALIZED`),
		"cuDNN did not start: it is not found, older than the plugin needs, or lacks GPU memory, of which other programs may have taken much (nvidia-smi lists them); " + seeLog},
	{engine.ErrBackend, regexp.MustCompile(`(?i)libdevice not found|libdevice\.10\.bc|couldn't (?:find|get|invoke) ptxas|ptxas.*not found|no PTX compilation provider`),
		"a part of CUDA that compiles for the GPU was not found: delete the folder nvidia beside the plugin and download it again, or add --xla_gpu_cuda_data_dir=FOLDER to XLA_FLAGS"},
	{engine.ErrBackend, regexp.MustCompile(`(?i)no supported configs found for HLO|failed to find supported configs`),
		"XLA found nothing that computes one of the operations on this GPU, most likely a convolution that this cuDNN cannot: take a newer cuDNN: " +
			"delete the folder nvidia beside the plugin and download it again, or, among the packages of JAX, pip install --upgrade nvidia-cudnn-cu13"},
}

// explained is an error with what to do about it.
type explained struct {
	kind, cause error
	advice      string
}

// explain says what to do about an error of XLA or CUDA, and leaves other errors as they are. What it
// returns wraps the error, and [engine.ErrMemory] or [engine.ErrBackend].
func explain(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, e := range explanations {
		if at := e.message.FindStringSubmatchIndex(text); at != nil {
			advice := e.message.ExpandString(nil, e.advice, text, at)
			return &explained{kind: e.kind, cause: err, advice: string(advice)}
		}
	}
	return err
}

// explainOpening is explain for a CUDA plugin that has not opened. Where CUDA does not start, for which XLA gives no reason,
// it asks how old NVIDIA's driver is: not before, since NVIDIA's package for compatibility has CUDA start on older ones.
func explainOpening(err error, cuda int64) error {
	if noCUDA.MatchString(err.Error()) {
		if advice := oldDriver(nvidia.Read(context.Background()).Driver, cuda); advice != "" {
			return &explained{kind: engine.ErrBackend, cause: err, advice: advice}
		}
	}
	return explain(err)
}

// leastDriver is the major version of NVIDIA's driver from which on each of CUDA starts:
// https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
var leastDriver = map[int64]int{11: 450, 12: 525, 13: 580}

// oldDriver says that a driver, such as "570.86.15", is too old for a version of CUDA, such as 13000; "" if it is not, or if too
// little is known.
func oldDriver(driver string, cuda int64) string {
	text, _, _ := strings.Cut(driver, ".")
	major, err := strconv.Atoi(text)
	if least := leastDriver[cuda/1000]; err == nil && major < least {
		return fmt.Sprintf("NVIDIA's driver is %s, and the plugin's CUDA %d needs %d or newer: install a newer driver, or a plugin for an older CUDA",
			driver, cuda/1000, least)
	}
	return ""
}

// Error is on one line: XLA's messages go on for pages.
func (e *explained) Error() string {
	cause, _, _ := strings.Cut(e.cause.Error(), "\n")
	return e.advice + " (" + cause + ")"
}

func (e *explained) Unwrap() []error { return []error{e.kind, e.cause} }
