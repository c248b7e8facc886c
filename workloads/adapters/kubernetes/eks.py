"""Amazon EKS: address and certificate from the AWS API, the token a presigned question of who we are."""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.signers import RequestSigner

from controlplane.core.errors import Invalid, OutsideError
from workloads.adapters.kubernetes.access import Connection, Token

PREFIX = "k8s-aws-v1."
SIGNED_FOR = 60  # seconds the signature is good for; EKS takes the token for 15 minutes
RENEWED = 14 * 60  # seconds: before those 15 minutes are over
WITHIN = Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 2})
CURE = "Give this machine AWS credentials (a role, or the usual variables) that may call eks:DescribeCluster."


@dataclass(frozen=True, slots=True)
class Eks:
    """A cluster of EKS by its name, asked as this machine or as a role."""

    region: str
    cluster: str
    role: str = ""

    def connection(self) -> Connection:
        """Ask AWS where the cluster is. Raises Invalid or OutsideError with what AWS says."""
        try:
            session = self._session()
            told = session.client("eks", region_name=self.region, config=WITHIN).describe_cluster(name=self.cluster)["cluster"]
        except ClientError as error:
            raise Invalid(f"AWS does not tell of the cluster {self.cluster}: {error}", cure=CURE) from error
        except BotoCoreError as error:
            raise OutsideError(f"AWS cannot be asked: {error}", cure=CURE) from error
        if not told.get("endpoint"):
            raise Invalid(f"The cluster {self.cluster} has no address yet.", cure=f"Its status at AWS is {told.get('status')}.")
        authority = base64.b64decode(told["certificateAuthority"]["data"]).decode()
        return Connection(told["endpoint"].rstrip("/"), token=_renewed(session, self.region, self.cluster), authority=authority)

    def _session(self) -> Any:
        session = boto3.session.Session(region_name=self.region)
        if not self.role:
            return session
        lent = session.client("sts", config=WITHIN).assume_role(RoleArn=self.role, RoleSessionName="timonel")["Credentials"]
        return boto3.session.Session(lent["AccessKeyId"], lent["SecretAccessKey"], lent["SessionToken"], self.region)


def token(session: Any, region: str, cluster: str) -> str:
    """A token: base64 of a presigned STS GetCallerIdentity that names the cluster in a signed header."""
    sts = session.client("sts", region_name=region, config=WITHIN)
    signer = RequestSigner(sts.meta.service_model.service_id, region, "sts", "v4", session.get_credentials(), session.events)
    asked = {
        "method": "GET",
        "url": f"{sts.meta.endpoint_url.rstrip('/')}/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": cluster},
        "context": {},
    }
    signed = signer.generate_presigned_url(asked, region_name=region, expires_in=SIGNED_FOR, operation_name="")
    return PREFIX + base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")


def _renewed(session: Any, region: str, cluster: str) -> Token:
    held: list[tuple[float, str]] = []
    lock = threading.Lock()

    def now(refused: bool) -> str:
        with lock:
            if refused or not held or time.monotonic() - held[0][0] > RENEWED:
                held[:] = [(time.monotonic(), token(session, region, cluster))]
            return held[0][1]

    return now
