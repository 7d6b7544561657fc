package download_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data/download"
)

// CIFAR-10 from where it is, the first time: the second time it is in the folder.
func ExampleClient_CIFAR10() {
	client := download.Client{Progress: func(f download.File, done int64) {
		fmt.Printf("\r%s: %d of %d MB", f.Name, done/1e6, f.Size/1e6)
	}}
	train, test, err := client.CIFAR10(context.Background(), "cifar-10")
	if err != nil {
		log.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(train, test))
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	fmt.Printf("%.2f %%\n", 100*result.TestAccuracy())
}

// A file of your own, which counts once it has the length and the hash that it should have.
func ExampleClient_Fetch() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a model") }))
	defer server.Close()
	folder, err := os.MkdirTemp("", "models")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)

	path, err := download.Client{}.Fetch(context.Background(), folder, download.File{
		Name: "model.safetensors", URLs: []string{server.URL + "/model.safetensors"}, Size: 7,
		SHA256: "97ff8a35544dcf40ad84047074439dd6aa3a0be469ea578a1b1c017d939ec61c",
	})
	if err != nil {
		log.Fatal(err)
	}
	contents, err := os.ReadFile(path)
	fmt.Println(filepath.Base(path), string(contents), err)
	// Output: model.safetensors a model <nil>
}
