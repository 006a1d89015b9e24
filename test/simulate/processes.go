// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import "time"

// start starts a process in the slot, if there is none.
func (w *World) start(slot int) {
	if p := w.slots[slot]; p != nil && !p.isDead() || w.calm && slot > 0 {
		return
	}
	w.slots[slot] = w.newProcess(slot)
	w.all = append(w.all, w.slots[slot])
}

// again starts a process in the slot after a while. A second one does not always come back.
func (w *World) again(slot int) {
	if slot > 0 && w.chance(0.5) {
		return
	}
	w.after(w.between(0, 5*time.Second), "start", func() { w.start(slot) })
}

// crash kills the process in the slot.
func (w *World) crash(slot int) {
	if p := w.slots[slot]; p != nil && !p.isDead() && !w.calm {
		w.count("crashes")
		p.crash()
	}
}

// reap has Kubernetes start anew what has ended, and ends the processes that have failed by themselves.
func (w *World) reap() {
	for slot, p := range w.slots {
		if p == nil {
			continue
		}
		if err := p.failure(); err != nil && !p.isDead() {
			w.note(p.name + " fails: " + err.Error())
			p.crash()
		}
		if p.isDead() {
			w.count("ended")
			w.slots[slot] = nil
			w.again(slot)
		}
	}
}

// pause stops the process that works, as if its node were. Another one may take over; the stopped one goes on later, and
// finds out at some time that it is not the leader any more.
func (w *World) pause() {
	p := w.slots[0]
	if p == nil || p.isDead() || p.paused || w.calm {
		return
	}
	w.count("pauses")
	p.paused = true
	takeOver := w.chance(0.7)
	if takeOver {
		w.start(1)
	}
	w.after(w.between(time.Second, 30*time.Second), "resume", func() {
		p.paused = false
		if takeOver {
			w.after(w.between(0, 10*time.Second), "lose the lease", func() {
				if w.slots[0] == p {
					w.crash(0)
				}
			})
		}
	})
}

// breakWatch has a process hear nothing of a kind for a while, and then list.
func (w *World) breakWatch() {
	slot, k, span := w.random.IntN(len(w.slots)), allKinds[w.random.IntN(2)], w.between(0, 30*time.Second)
	if p := w.slots[slot]; p != nil && !w.calm {
		w.count("lists")
		p.informers[k].broken = time.Now().Add(span)
	}
}
