"""The template deployed at moto's CloudFormation, with what moto leaves out done by S3's own API.

moto makes the users, roles, keys and policies, and the buckets, but no secret; of a bucket it takes nothing but the encryption, and no
bucket policy at all. Both are given to it here as CloudFormation would, with every !Ref, !Sub and !If as moto itself resolves it.
"""

import json
from typing import Any

import boto3
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import clean_json

from tests.house.scene import ROOT

TEMPLATE = ROOT / "deploy" / "bucket.yaml"
ACCOUNT, REGION, NAME, SITE = "123456789012", "eu-central-1", "my-library-content", "https://learn.example.com"
NOT_BY_MOTO = "ignore:Tried to parse AWS"  # Said of these two at every look at the stack.


class Stack:
    """The template deployed, and what came of it. Make it inside moto's `mock_aws`."""

    def __init__(self, name: str = "lectern", **parameters: str) -> None:
        self.name = name
        self.cloud = boto3.client("cloudformation", region_name=REGION)
        self.s3 = boto3.client("s3", region_name=REGION)
        self.iam = boto3.client("iam", region_name=REGION)
        self.given = {"BucketName": NAME, "SiteUrl": SITE} | parameters
        self.cloud.create_stack(**self.wish())
        for bucket in self.resolved("AWS::S3::Bucket"):
            self.set_up(bucket)
        for one in self.resolved("AWS::S3::BucketPolicy"):
            self.s3.put_bucket_policy(Bucket=one["Bucket"], Policy=json.dumps(one["PolicyDocument"]))

    def wish(self) -> dict[str, Any]:
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.given.items()]
        return {"StackName": self.name, "TemplateBody": TEMPLATE.read_text(), "Parameters": given}

    def change(self, **parameters: str) -> None:
        self.given |= parameters
        self.cloud.update_stack(**self.wish())

    def resolved(self, kind: str) -> list[dict[str, Any]]:
        """Return the properties of every resource of a kind, the bucket before its log is the template's order."""
        made = cloudformation_backends[ACCOUNT][REGION].get_stack(self.name)
        known = made.resource_map
        wanted = [
            one
            for one in known._resource_json_map.values()
            if one["Type"] == kind and known.lazy_condition_map.get(one.get("Condition"), True)
        ]
        return [clean_json(one["Properties"], known) for one in wanted]

    def set_up(self, wish: dict[str, Any]) -> None:
        """Set a bucket up by the API, whose names for a few things differ from CloudFormation's."""
        name = {"Bucket": wish["BucketName"]}
        self.s3.put_public_access_block(
            **name, PublicAccessBlockConfiguration=booleans(wish["PublicAccessBlockConfiguration"])
        )
        self.s3.put_bucket_ownership_controls(**name, OwnershipControls=wish["OwnershipControls"])
        self.s3.put_bucket_lifecycle_configuration(
            **name,
            LifecycleConfiguration={"Rules": [rule_of(one) for one in wish["LifecycleConfiguration"]["Rules"]]},
        )
        if versions := wish.get("VersioningConfiguration"):
            self.s3.put_bucket_versioning(**name, VersioningConfiguration=versions)
        if cors := wish.get("CorsConfiguration"):
            names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}
            rules = [{names.get(key, key): value for key, value in one.items()} for one in cors["CorsRules"]]
            self.s3.put_bucket_cors(**name, CORSConfiguration={"CORSRules": rules})
        if log := wish.get("LoggingConfiguration"):
            # Amazon lets the log's policy do; moto knows but the older way, an access list.
            self.s3.put_bucket_acl(Bucket=log["DestinationBucketName"], ACL="log-delivery-write")
            target = {"TargetBucket": log["DestinationBucketName"], "TargetPrefix": log["LogFilePrefix"]}
            self.s3.put_bucket_logging(**name, BucketLoggingStatus={"LoggingEnabled": target})

    def resources(self, kind: str) -> dict[str, str]:
        found = self.cloud.list_stack_resources(StackName=self.name)["StackResourceSummaries"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found if one["ResourceType"] == kind}

    def outputs(self) -> dict[str, str]:
        found = self.cloud.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        return {one["OutputKey"]: one["OutputValue"] for one in found}

    def identity(self, signer: str) -> list[dict[str, Any]]:
        """Return the statements of the policies that a signer really has."""
        made = self.resources("AWS::IAM::ManagedPolicy").items()
        return [one for name, arn in made if name.startswith(signer.title()) for one in self.statements(arn)]

    def statements(self, arn: str) -> list[dict[str, Any]]:
        version = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = self.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return list(document["Statement"])

    def bucket(self, name: str = NAME) -> list[dict[str, Any]]:
        return list(json.loads(self.s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"])

    def key_ids(self, signer: str) -> list[str]:
        user = self.resources("AWS::IAM::User")[signer.title()]
        return [one["AccessKeyId"] for one in self.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]]


def booleans(found: dict[str, Any]) -> dict[str, bool]:
    return {name: str(value).lower() == "true" for name, value in found.items()}


def rule_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return a lifecycle rule as the API spells it."""
    rule = {"ID": found["Id"], "Status": found["Status"], "Filter": {"Prefix": found.get("Prefix", "")}}
    if days := found.get("ExpirationInDays"):
        rule["Expiration"] = {"Days": int(days)}
    if found.get("ExpiredObjectDeleteMarker"):
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if old := found.get("NoncurrentVersionExpiration"):
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(old["NoncurrentDays"])}
    if abort := found.get("AbortIncompleteMultipartUpload"):
        rule["AbortIncompleteMultipartUpload"] = abort
    return rule
