package googlespeech

import "slices"

// regions in which models are offered beside the multi-regions.
var regions = []string{ //nolint:gochecknoglobals // a table
	"asia-northeast1", "asia-south1", "asia-southeast1", "australia-southeast1", "europe-west1", "europe-west2",
	"europe-west3", "europe-west4", "northamerica-northeast1", "us-central1", "us-east1", "us-west1",
}

// offered tells whether a model can stream in a location. After
// https://cloud.google.com/speech-to-text/v2/docs/transcription-model and the pages of chirp_2 and chirp_3; the
// first chirp can't stream.
func offered(model, location string) bool {
	switch model {
	case "telephony", "telephony_short", "long", "short", "latest_long", "latest_short":
		return slices.Contains([]string{"global", "us", "eu"}, location) || slices.Contains(regions, location)
	case "chirp_2":
		return slices.Contains([]string{"us-central1", "europe-west4", "asia-southeast1"}, location)
	case "chirp_3":
		return slices.Contains([]string{
			"us", "eu", "asia-northeast1", "asia-southeast1", "asia-south1", "europe-west2", "europe-west3",
			"northamerica-northeast1",
		}, location)
	}
	return false
}

// located tells whether there is such a location at all.
func located(location string) bool {
	return slices.Contains([]string{"global", "us", "eu"}, location) || slices.Contains(regions, location)
}
