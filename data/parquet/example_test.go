package parquet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/fastresnet/fastresnet/data/parquet"
	"github.com/fastresnet/fastresnet/data/picture"
)

// A file as Hugging Face has them, which names its classes too.
func ExampleRead() {
	set, _, err := parquet.Read(context.Background(), picture.Reader{}, parquet.Columns{Image: "image", Label: "label"}, "testdata/pyarrow.parquet")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set)
	fmt.Println(set.Name(0), "is a", set.Classes()[set.Label(0)])
	// Output:
	// 2 images of 32x32x3 in 2 classes
	// pyarrow.parquet#0 is a dog
}
