// A worker pool in Go, as one writes it: a channel and a goroutine a worker, the key by encoding/json (or already known).
// The options and the line it prints are those of the baselines in C++.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"hash/maphash"
	"math/bits"
	"math/rand"
	"sync"
	"time"
)

type message struct {
	body []byte
	key  string
	due  time.Time
}

type order struct {
	Key string `json:"key"`
}

// The buckets of latencies.hpp.
func lowest(ns int64) uint64 {
	value := uint64(max(ns, 0))
	if value < 32 {
		return value
	}
	shift := bits.Len64(value) - 6
	return value >> shift << shift
}

func max(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}

func main() {
	messages := flag.Int("messages", 1000000, "")
	workers := flag.Int("workers", 10, "")
	keys := flag.Int("keys", 10000, "")
	key := flag.String("key", "json", "")
	busy := flag.Duration("busy", 0, "")
	copied := flag.Bool("copy", false, "each message is copied into memory of its own, as when it is received")
	rate := flag.Float64("rate", 0, "")
	burst := flag.Int("burst", 1, "")
	flag.Parse()

	const count = 16384
	bodies := make([]message, count)
	for i := range bodies {
		name := fmt.Sprintf("k%07d", rand.Intn(*keys))
		body := fmt.Sprintf(`{"key":"%s","seq":%d,"pad":"`, name, 1000000+i)
		for len(body) < 254 {
			body += "x"
		}
		bodies[i] = message{body: []byte(body + `"}`), key: name}
	}

	queues := make([]chan message, *workers)
	counts := make([]map[uint64]uint64, *workers)
	var running sync.WaitGroup
	for i := range queues {
		queues[i] = make(chan message, 1000)
		counts[i] = map[uint64]uint64{}
		running.Add(1)
		go func(queue chan message, latencies map[uint64]uint64) {
			defer running.Done()
			for m := range queue {
				if *rate > 0 {
					latencies[lowest(int64(time.Since(m.due)))]++
				}
				if *busy > 0 {
					for end := time.Now().Add(*busy); time.Now().Before(end); {
					}
				}
			}
		}(queues[i], counts[i])
	}

	seed := maphash.MakeSeed()
	start := time.Now()
	for i := 0; i < *messages; i++ {
		m := bodies[i%count]
		if *rate > 0 {
			m.due = start.Add(time.Duration(float64(i / *burst**burst) * 1e9 / *rate))
			if i%*burst == 0 {
				time.Sleep(time.Until(m.due))
			}
		}
		if *copied {
			m.body = append([]byte(nil), m.body...)
		}
		if *key == "json" {
			var found order
			if err := json.Unmarshal(m.body, &found); err != nil {
				panic(err)
			}
			m.key = found.Key
		}
		queues[maphash.String(seed, m.key)%1024%uint64(*workers)] <- m
	}
	for _, queue := range queues {
		close(queue)
	}
	running.Wait()
	seconds := time.Since(start).Seconds()

	all := map[uint64]uint64{}
	for _, latencies := range counts {
		for bucket, n := range latencies {
			all[bucket] += n
		}
	}
	text, _ := json.Marshal(all)
	fmt.Printf("{\"messages\":%d,\"seconds\":%.9f,\"latencies\":%s}\n", *messages, seconds, text)
}
