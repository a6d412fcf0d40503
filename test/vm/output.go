package vm

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"
)

var (
	errNotStarted = errors.New("guest never started the command")
	errNotEnded   = errors.New("guest stopped before the command ended")
	errCutShort   = errors.New("guest stopped before it had given everything back")
)

// parseOutput takes apart what init.sh wrote on the second serial port. With an error it returns what there
// was up to the break.
func parseOutput(port []byte, token string) (Result, error) {
	var result Result
	_, rest, found := bytes.Cut(port, []byte(token+" start "))
	if !found {
		return result, errNotStarted
	}
	uptime, rest, _ := bytes.Cut(rest, []byte("\n"))
	seconds, err := strconv.ParseFloat(string(uptime), 64)
	if err != nil {
		return result, fmt.Errorf("read guest's uptime: %w", err)
	}
	result.Boot = time.Duration(seconds * float64(time.Second))

	// init.sh begins a line of its own, since the command's last one may lack its end.
	result.Output, rest, found = bytes.Cut(rest, []byte("\n"+token+" exit "))
	if !found {
		return result, errNotEnded
	}
	status, rest, _ := bytes.Cut(rest, []byte("\n"))
	if result.Status, err = strconv.Atoi(string(status)); err != nil {
		return result, fmt.Errorf("read exit status: %w", err)
	}
	files, _, found := bytes.Cut(rest, []byte(token+" end\n"))
	if !found {
		return result, errCutShort
	}
	result.Files, err = parseFiles(files, token)
	return result, err
}

func parseFiles(data []byte, token string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	for _, part := range bytes.Split(data, []byte(token+" file "))[1:] {
		name, text, _ := bytes.Cut(part, []byte("\n"))
		content, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil {
			return files, fmt.Errorf("decode guest's %s: %w", name, err)
		}
		files[string(name)] = content
	}
	return files, nil
}
