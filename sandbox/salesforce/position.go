package salesforce

import (
	"bytes"
	"fmt"
)

// position puts the vendor's line and column behind a parser's message.
func position(body []byte, offset int64, message string) error {
	at := min(max(int(offset), 0), len(body))
	line := 1 + bytes.Count(body[:at], []byte{'\n'})
	column := at - bytes.LastIndexByte(body[:at], '\n')
	return fmt.Errorf("%s at [line:%d, column:%d]", message, line, column)
}
