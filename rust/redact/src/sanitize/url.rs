//! URL paths whose identifiers become `*`, segment by segment: `/users/42/jobs` is `/users/*/jobs`.
//!
//! A segment stays if it is made of letters, `-`, `_`, `.` and spaces (its second character may be
//! any) and reads like a word: the pairs of its letters are likely enough in English. This is what
//! grafana/clusterurl does, with its model; its oddities at the tenth segment included.

use serde::Deserialize;

const MOST_SEGMENTS: usize = 10;
const WILD: u8 = b'*';
/// How likely a letter follows another (a to z, then space), as natural logarithms; from clusterurl
/// 0.3.0. NOTICE beside it says whose it is.
const WORD_MODEL: &str = include_str!("word_model.json");

#[derive(Deserialize)]
pub(super) struct PathClassifier {
    /// The mean likelihood of a pair below which a word is none.
    threshold: f64,
    log_probabilities: Vec<Vec<f64>>,
}

impl PathClassifier {
    pub fn new() -> Self {
        serde_json::from_str(WORD_MODEL).expect("the model is part of the program")
    }

    /// A path with `*` in place of identifiers, without what follows `?`, `&` or `#`.
    pub fn cluster(&self, path: &str) -> String {
        let mut out = path.as_bytes().to_vec();
        // What is settled ends at `done`; the segment that is being read, at `read`.
        let (mut done, mut read) = (0, 0);
        let mut wild = false;
        let mut grace = true;
        let mut segments = 0;
        for &byte in path.as_bytes() {
            match byte {
                b'?' | b'&' | b'#' => {
                    if wild && done < out.len() {
                        out[done] = WILD;
                        done += 1;
                    } else if !wild && read > done {
                        done = read;
                    }
                    out.truncate(done);
                    break;
                }
                b'/' => {
                    segments += 1;
                    if wild {
                        out[done] = WILD;
                        done += 1;
                    } else if read > done {
                        done = self.settle(&mut out, done, read);
                    }
                    if segments >= MOST_SEGMENTS {
                        break;
                    }
                    out[done] = byte;
                    done += 1;
                    read = done;
                    wild = false;
                    grace = true;
                }
                _ if !wild => {
                    out[read] = byte;
                    read += 1;
                    let plain =
                        byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'.' | b' ');
                    if !plain {
                        if grace && read - done == 2 {
                            grace = false;
                        } else {
                            wild = true;
                        }
                    }
                }
                _ => {}
            }
        }
        if wild {
            if done < out.len() {
                out[done] = WILD;
                done += 1;
            }
        } else if read > done && read <= out.len() {
            done = self.settle(&mut out, done, read);
        }
        out.truncate(done);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Keeps the segment between two places if it is a word; the end of what is settled then.
    fn settle(&self, out: &mut [u8], done: usize, read: usize) -> usize {
        if self.is_word(&out[done..read]) {
            return read;
        }
        out[done] = WILD;
        done + 1
    }

    fn is_word(&self, segment: &[u8]) -> bool {
        let places: Vec<usize> = segment
            .iter()
            .filter_map(|byte| match byte.to_ascii_lowercase() {
                letter @ b'a'..=b'z' => Some(usize::from(letter - b'a')),
                b' ' => Some(26),
                _ => None,
            })
            .collect();
        let pairs = places.windows(2);
        let count = pairs.len().max(1) as f64;
        let sum: f64 = pairs
            .map(|pair| self.log_probabilities[pair[0]][pair[1]])
            .sum();
        (sum / count).exp() > self.threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_clustered_as_clusterurl_does_it() {
        let classifier = PathClassifier::new();
        for (path, clustered) in [
            ("", ""),
            ("/users/fdklsd/j4elk/23993/job/2", "/users/*/j4elk/*/job/*"),
            ("123/", "*/"),
            ("/**", "/*"),
            ("/v1/products/22j", "/v1/products/*"),
            ("/products//org/3", "/products//org/*"),
            ("/v1/k6-test-runs/1", "/v1/k6-test-runs/*"),
            ("GET /user_space/", "GET /user_space/"),
            ("/attach?session_id=ddfsdsf", "/attach"),
            ("attach12?", "*"),
            ("?", ""),
            ("*&", "*"),
            ("/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/i"),
            ("/é/x", "/*/x"),
        ] {
            assert_eq!(classifier.cluster(path), clustered, "{path}");
        }
    }
}
