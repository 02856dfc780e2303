package store

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"
)

// What one statement of a bulkWriter holds at most: rows, and bytes of the texts in
// them. A packet of 1 MiB, the smallest limit servers were ever shipped with, takes it
// even where every byte has to be escaped.
const (
	bulkRows  = 500
	bulkBytes = 384 << 10
)

// bulkWriter gathers rows of a table and inserts many with one statement. Its first
// error stays, and nothing is sent after it.
type bulkWriter struct {
	ctx context.Context
	tx  *sqlx.Tx
	err error

	insert string // up to VALUES
	suffix string // behind the rows
	width  int
	args   []any
	rows   int
	bytes  int
}

// table begins the rows of a table; what was gathered before must be flushed.
func (b *bulkWriter) table(name, columns string, width int) {
	b.insert, b.suffix, b.width = `INSERT INTO `+name+` `+columns+` VALUES `, ``, width
}

// row adds one row, whose texts are about so many bytes long.
func (b *bulkWriter) row(bytes int, values ...any) {
	if b.rows == bulkRows || b.rows > 0 && b.bytes+bytes > bulkBytes {
		b.flush()
	}
	b.args = append(b.args, values...)
	b.rows++
	b.bytes += bytes
}

// flush sends what was gathered.
func (b *bulkWriter) flush() {
	if b.rows > 0 && b.err == nil {
		_, b.err = b.tx.ExecContext(b.ctx, b.insert+tuples(b.rows, b.width)+b.suffix, b.args...)
	}
	clear(b.args)
	b.args, b.rows, b.bytes = b.args[:0], 0, 0
}

// onDuplicate makes the rows of the table replace these columns of rows that are there.
func (b *bulkWriter) onDuplicate(columns ...string) {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = c + ` = VALUES(` + c + `)`
	}
	b.suffix = ` ON DUPLICATE KEY UPDATE ` + strings.Join(sets, `, `)
}
