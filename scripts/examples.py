"""An example of every message of the WebSocket dialects, for the reference. A test reads each with the types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "ALERTS_RECEIVED",
    "ALERTS_SENT",
    "FIELD_RECEIVED",
    "FIELD_SENT",
    "FRAMES_RECEIVED",
    "FRAMES_SENT",
    "NATIVE_RECEIVED",
    "NATIVE_SENT",
    "VERIFY_RECEIVED",
    "VERIFY_SENT",
]

Examples = Mapping[str, Any]

_CAMERA = {"id": "01a1fb04-7c1e", "name": "Entrance hall", "latitude": 52.5186, "longitude": 13.3762}
_PERSON = {
    "id": "01a1fb04-51d0",
    "first_name": "Eileen",
    "last_name": "Collins",
    "age": 42,
    "description": "Commander",
}
_ALERT = {
    "alert_id": "01a1fb04-9a3b",
    "offset": 42,
    "type": "watchlist_match",
    "severity": "critical",
    "camera": _CAMERA,
    "person": _PERSON,
    "subject_id": "01a1fb04-51d0",
    "similarity": 0.94,
    "snapshot_url": "/api/alerts/01a1fb04-9a3b/snapshot",
    "probe_url": "/api/alerts/01a1fb04-9a3b/probe",
    "reference_url": "/api/alerts/01a1fb04-9a3b/reference",
    "watch_list": {"id": "01a1fb04-2c77", "name": "Watch list"},
    "why": {"rule": "watch_list"},
    "timestamp": 1795212835985,
    "created_at": 1795212836034,
    "state": "open",
    "verdict": None,
    "escalation_level": 0,
    "by": None,
    "at": None,
    "count": 1,
}
_STATUS = {"camera_id": "01a1fb04-7c1e", "status": "online", "reason": "", "timestamp": 1795212830000}

NATIVE_SENT: Examples = {
    "client_identify": {
        "client_type": "frontend",
        "auth_token": "eyJ…",
        "device": "desk-3",
        "resume": {"epoch": "c73170b0", "offset": 41},
    },
    "heartbeat": {"client_time": 1795212835985},
    "heartbeat_ack": {"server_time": 1795212835985},
    "subscribe_camera": {"camera_id": "*", "max_fps": 5, "frames": True},
    "unsubscribe_camera": {"camera_id": "*"},
    "received": {"offset": 42},
    "ack": {"alert_id": "01a1fb04-9a3b", "verdict": "confirmed"},
    "decline": {"alert_id": "01a1fb04-9a3b", "reason": "too far away"},
    "location_update": {"latitude": 52.5163, "longitude": 13.3777, "accuracy_m": 12},
    "duty": {"on": True},
    "refresh": {"auth_token": "eyJ…"},
    "stream_start_request": {"camera_id": "01a1fb04-7c1e", "quality": "hd", "request_id": "7"},
    "stream_stop_request": {"camera_id": "01a1fb04-7c1e", "request_id": "8"},
    "stream_quality_change": {"camera_id": "01a1fb04-7c1e", "new_quality": "thumbnail", "request_id": "9"},
    "ai_detection_result": {
        "camera_id": "01a1fb04-7c1e",
        "frame_id": 4711,
        "timestamp": 1795212835985,
        "width": 1920,
        "height": 1080,
        "detections": [{"label": "vehicle", "confidence": 0.91, "bbox": [102, 340, 610, 822], "track_id": "v-3"}],
    },
    "face_detection_result": {
        "camera_id": "01a1fb04-7c1e",
        "frame_id": 4711,
        "timestamp": 1795212835985,
        "width": 1920,
        "height": 1080,
        "faces": [{"bbox": [512, 130, 640, 288], "confidence": 0.99, "is_known": True, "name": "Eileen Collins"}],
    },
    "alert_triggered": {
        "alert_id": "yard-2026-11-20-0031",
        "type": "person_detected",
        "severity": "warning",
        "camera_id": "01a1fb04-7c1e",
        "message": "somebody is in the yard",
        "timestamp": 1795212835985,
    },
}

NATIVE_RECEIVED: Examples = {
    "connection_established": {
        "client_id": "5f69cbe90ec530f8",
        "server_time": 1795212835985,
        "supported_protocols": ["sightline.v1"],
        "heartbeat_interval": 30000,
    },
    "identification_success": {
        "client_id": "5f69cbe90ec530f8",
        "client_type": "frontend",
        "authenticated": True,
        "epoch": "c73170b0",
        "offset": 42,
        "mode": "resumed",
        "limits": {"credit_entries": 100, "credit_bytes": 262144, "max_subscriptions": 256},
    },
    "heartbeat": {"server_time": 1795212835985},
    "heartbeat_ack": {"client_time": 1795212835985, "server_time": 1795212835990},
    "refreshed": {"expires_at": 1795213736000},
    "alert_snapshot": {"alerts": [_ALERT], "offset": 42},
    "alert_triggered": _ALERT,
    "alert_updated": {
        "alert_id": "01a1fb04-9a3b",
        "offset": 43,
        "state": "acknowledged",
        "escalation_level": 1,
        "by": "olga",
        "at": 1795212841200,
        "verdict": "confirmed",
    },
    "position": {"from": 41, "to": 42},
    "caught_up": {"offset": 42},
    "recorded": {
        "alert_id": "01a1fb04-9a3b",
        "state": "acknowledged",
        "by": "olga",
        "at": 1795212841200,
        "verdict": "confirmed",
        "first": True,
    },
    "duty_status": {"on": True, "reason": "switch", "at": 1795212841200},
    "face_detection_result": {
        "camera_id": "01a1fb04-7c1e",
        "frame_id": 1207,
        "timestamp": 1795212835985,
        "width": 1280,
        "height": 720,
        "faces": [
            {
                "bbox": [410.0, 122.0, 488.0, 221.0],
                "confidence": 0.97,
                "landmarks": [[431.0, 160.0], [466.0, 160.0], [449.0, 181.0], [434.0, 199.0], [464.0, 199.0]],
                "track_id": "7",
                "identity": "known",
                "is_known": True,
                "person_id": "01a1fb04-51d0",
                "name": "Eileen Collins",
                "similarity": 0.94,
                "quality": 0.71,
                "reasons": [],
                "live": 0.98,
                "body": "01a1fb04-7c1e-19c1-person-1",
            }
        ],
        "source": "local",
    },
    "ai_detection_result": {
        "camera_id": "01a1fb04-7c1e",
        "frame_id": 1207,
        "timestamp": 1795212835985,
        "width": 1280,
        "height": 720,
        "detections": [
            {
                "label": "person",
                "confidence": 0.83,
                "bbox": [352.0, 96.0, 561.0, 704.0],
                "track_id": "01a1fb04-7c1e-19c1-person-1",
            }
        ],
        "crowd_analysis": {
            "face_count": 1,
            "body_count": 1,
            "crowd_level": "low",
            "density_score": 0.138,
            "zones": {"Counter": 1},
        },
        "source": "local",
    },
    "stream_start_success": {
        "request_id": "7",
        "camera_id": "01a1fb04-7c1e",
        "quality": "hd",
        "stream_url": "http://127.0.0.1:8000/api/cameras/01a1fb04-7c1e/stream.mjpeg?quality=hd&token=tYq…",
        "status": "online",
    },
    "stream_start_error": {
        "request_id": "7",
        "camera_id": "01a1fb04-7c1e",
        "error": "the camera refuses the user name or password",
        "code": "PROCESSING_ERROR",
    },
    "stream_stop_success": {"request_id": "8", "camera_id": "01a1fb04-7c1e", "quality": None},
    "quality_change_success": {
        "request_id": "9",
        "camera_id": "01a1fb04-7c1e",
        "new_quality": "thumbnail",
        "stream_url": "http://127.0.0.1:8000/api/cameras/01a1fb04-7c1e/stream.mjpeg?quality=thumbnail&token=Rw0…",
    },
    "bulk_status_update": {"cameras": [_STATUS]},
    "stream_status_update": _STATUS,
    "camera_online": _STATUS,
    "camera_offline": _STATUS | {"status": "offline", "reason": "the camera does not answer"},
    "ai_engine_status": {
        "engine_id": "local",
        "status": "connected",
        "reason": "",
        "capabilities": ["face-detector", "face-embedder"],
        "load": 0.2,
    },
    "system_status_update": {
        "gateways": 1,
        "engines": 1,
        "warnings": ["local: spool full: 3 pictures of facts were dropped"],
    },
    "person_erased": {"person_id": "01a1fb04-51d0"},
    "start_stream_processing": {
        "camera_id": "01a1fb04-7c1e",
        "rtsp_url": "rtsp://viewer:secret@10.0.0.9/stream",
        "quality": "hd",
        "request_id": "5f69cbe9",
    },
    "stop_stream_processing": {"camera_id": "01a1fb04-7c1e", "request_id": "90ec530f"},
    "change_stream_quality": {"camera_id": "01a1fb04-7c1e", "new_quality": "sd", "request_id": "8b1d77a0"},
    "alert_accepted": {"alert_id": "yard-2026-11-20-0031", "raised": "01a1fb04-9a3b", "duplicate": False},
    "error": {
        "code": "INVALID_MESSAGE",
        "message": "Object missing required field `alert_id`",
        "details": {"path": "data.alert_id"},
        "request_id": "7",
    },
}

ALERTS_SENT: Examples = {
    "ping": {"type": "ping", "timestamp": "2026-11-20T22:53:55.985Z"},
    "pong": {"type": "pong", "timestamp": "2026-11-20T22:53:55.985Z"},
    "ack": {"type": "ack", "stream_id": "01a1fb04-7c1e"},
}

ALERTS_RECEIVED: Examples = {
    "anomaly_detected": {
        "type": "anomaly_detected",
        "stream_id": "01a1fb04-7c1e",
        "result": _ALERT,
        "frame": "/9j/4AAQ…",
    },
    "ping": {"type": "ping", "timestamp": "2026-11-20T22:53:55.985Z"},
    "pong": {"type": "pong", "timestamp": "2026-11-20T22:53:55.985Z"},
    "error": {"type": "error", "data": {"code": "FORBIDDEN", "message": "the role 'viewer' may not handle alerts"}},
}

FIELD_SENT: Examples = {
    "registration": {"latitude": 40.9983, "longitude": 71.67257, "state": "apk"},
}

_SEEN = {
    "id": "01a1fb04-51d0",
    "first_name": "Eileen",
    "last_name": "Collins",
    "age": 42,
    "description": "Commander",
    "url": "rtsp://10.0.0.9/stream",
    "camera": _CAMERA,
}

FIELD_RECEIVED: Examples = {
    "all_clients": {"event": "all_clients", "context": _SEEN},
    "nearest_client": {"event": "nearest_client", "context": _SEEN},
    "echo": {"echo": {"anything": "that was said"}},
    "error": {
        "event": "error",
        "context": {
            "code": "INVALID_MESSAGE",
            "message": "Object missing required field `state`",
            "details": {"path": "state"},
        },
    },
}

FRAMES_SENT: Examples = {
    "process_frame": {
        "event": "process_frame",
        "data": {
            "frame": "data:image/jpeg;base64,/9j/4AAQ…",
            "timestamp": 1640995200000,
            "settings": {"confidence_threshold": 0.5, "crowd_threshold": 10},
        },
    },
    "authenticate": {"event": "authenticate", "data": {"ticket": "slt_…"}},
}

FRAMES_RECEIVED: Examples = {
    "connected": {
        "event": "connected",
        "data": {"client_id": "6f3d2c1b0a998877", "server_time": 1640995200000, "authenticated": True},
    },
    "authenticated": {"event": "authenticated", "data": {"expires_at": 1640996100000}},
    "detection_result": {
        "event": "detection_result",
        "data": {
            "faces": [{"bbox": [412.0, 96.5, 471.2, 170.9], "confidence": 0.95}],
            "bodies": [{"bbox": [371.0, 80.0, 528.5, 466.0], "confidence": 0.87}],
            "crowd_analysis": {"face_count": 1, "body_count": 1, "crowd_level": "low", "density_score": 0.198},
            "alerts": [],
            "processing_time": 0.045,
            "timestamp": 1640995200100,
            "frame_timestamp": 1640995200000,
            "width": 640,
            "height": 480,
        },
    },
    "frame_dropped": {"event": "frame_dropped", "data": {"timestamp": 1640995200000}},
    "error": {
        "event": "error",
        "data": {
            "code": "PROCESSING_ERROR",
            "message": "Failed to process frame",
            "details": "the engine went away before it answered; try again in a moment",
            "alerts": [{"type": "processing_error", "message": "Failed to process frame", "level": "error"}],
            "frame_timestamp": 1640995200000,
        },
    },
}

VERIFY_SENT: Examples = {
    "frame": {"user_name": "Eileen Collins", "image": "/9j/4AAQ…", "send_time": 1795212835985},
}

VERIFY_RECEIVED: Examples = {
    "answer": {
        "action": "NO_ACTION",
        "reason": "EMPTY_REASON",
        "actual_username": "Eileen Collins",
        "send_time": 1795212835985,
        "finish_time": 1795212836034,
    },
}
