package main

import "net/http"

// live answers that the program runs. What asks this restarts it when there is no answer.
func live(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]bool{"live": true})
}

// ready answers with a value if requests should come here: not once the program is about to end. The model was loaded
// before the program listened.
func (s *service) ready(value any) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, _ *http.Request) error {
		if s.leaving.Load() {
			return errLeaving
		}
		return writeJSON(w, http.StatusOK, value)
	}
}
