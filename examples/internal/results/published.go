package results

import (
	"fmt"
	"strings"

	"github.com/fastresnet/fastresnet"
)

// Published are the figures of a recipe's source as texts, "-" for what it does not report.
func Published(p fastresnet.Published) (accuracy, time string) {
	accuracy, time = "-", "-"
	if p.Accuracy > 0 {
		figures := fmt.Sprintf("%.2f", 100*p.Accuracy)
		accuracy = strings.TrimSuffix(figures, "0") + " %" // most sources give one decimal
	}
	if p.Seconds > 0 {
		time = fmt.Sprintf("%g s", p.Seconds)
	}
	return accuracy, time
}
