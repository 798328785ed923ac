package course

import (
	"fmt"

	"kubelab/exercises"
	"kubelab/exercises/capstone"
	"kubelab/exercises/check"
)

// drawAny is the id by which an exercise is drawn by chance.
const drawAny = "capstone"

// offered is the entry of the list that draws an exercise by chance. All that are drawn say the same of themselves.
func (c *Course) offered() (*Entry, error) {
	e, err := c.draw(0)
	if err != nil {
		return nil, err
	}
	offer := entryOf(e)
	offer.ID, offer.Steps = drawAny, 0
	return &offer, nil
}

func (c *Course) draw(seed uint64) (*exercises.Exercise, error) {
	env, err := check.Language()
	if err != nil {
		return nil, err
	}
	e, err := capstone.New(env, seed)
	if err != nil {
		return nil, fmt.Errorf("draw an exercise: %w", err)
	}
	return e, nil
}

// exercise is the one of an id: of the catalog, or one that is drawn. It is called with mu held, as all in this file that follows.
func (c *Course) exercise(id string) (*exercises.Exercise, error) {
	seed, ok := capstone.Is(id)
	if !ok || len(c.catalog) == 0 {
		return c.catalog.Find(id)
	}
	for _, e := range c.drawn {
		if e.ID == id {
			return e, nil
		}
	}
	e, err := c.draw(seed)
	if err == nil {
		c.drawn = append(c.drawn, e)
	}
	return e, err
}

// drawBegun draws those once more that the Book says are being done.
func (c *Course) drawBegun() {
	for id, r := range c.records {
		if _, ok := capstone.Is(id); !ok || r.Began.IsZero() || r.Debrief != "" || r.OfAnother(c.Lab.Snapshot()) {
			continue
		}
		if _, err := c.exercise(id); err != nil {
			c.notice = err.Error()
		}
	}
}

// all are the exercises of the catalog, and those that were drawn.
func (c *Course) all() exercises.Catalog {
	return append(c.catalog[:len(c.catalog):len(c.catalog)], c.drawn...)
}
