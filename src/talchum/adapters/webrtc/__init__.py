"""WebRTC peers on libwebrtc (`wrtc`), the only package that imports it.

Media stays on the engine's native threads; Python sees decoded frames and negotiation only. Everything here
belongs to the event loop it was made on.

What may be sent where is decided here, by type (`sources`) and by who is on the other side (`audience`):

========================  ======================  ===========================================
the other side            its video sender takes  made by
========================  ======================  ===========================================
``performer``             `EgressVideo`            the face worker
``face-worker``           `CameraVideo`            a performer, for its own worker only
``participant``           `EgressVideo`,           the compositor's cards,
                          `ReturnedVideo`          the track that a face worker returned
``participant, own face`` `CameraVideo`            someone who chose to show their own face
========================  ======================  ===========================================
"""
