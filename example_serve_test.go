package fastresnet_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
)

// An answer over HTTP. A model may be asked by many goroutines at once; examples/serve is a whole service, with limits.
func ExampleModel_Predict() {
	train, err := data.Synthetic(64, 1)
	if err != nil {
		log.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(train, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(2), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(1)) // or fastresnet.Load
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var img image.Image
		sent, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10<<20))
		if err == nil {
			img, err = picture.Decode(r.Context(), sent)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		predictions, err := result.Model.Predict(r.Context(), img)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%.3f\n", predictions[0].Probability)
	}))
	defer server.Close()

	var body bytes.Buffer
	if err := png.Encode(&body, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		log.Fatal(err)
	}
	for _, sent := range []io.Reader{&body, bytes.NewReader([]byte("no picture"))} {
		response, err := http.Post(server.URL, "image/png", sent)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(response.Status)
		response.Body.Close()
	}
	// Output:
	// 200 OK
	// 400 Bad Request
}
